"""MERGE, of which Redshift has less than Athena.

Source: https://docs.aws.amazon.com/redshift/latest/dg/r_MERGE.html
"""

from __future__ import annotations

from sqlglot import exp

from lake.targets.redshift_sql.unsupported import UnsupportedByRedshift


def check(tree: exp.Merge) -> None:
    """Refuse what Redshift's MERGE lacks, and write out the alias of the target.

    Raises:
        UnsupportedByRedshift: a condition behind WHEN, a clause too many or too few, or a source
            that is no table.
    """
    clauses = tree.args["whens"].expressions
    for each in clauses:
        if each.args.get("condition") is not None:
            word = "MATCHED" if each.args["matched"] else "NOT MATCHED"
            raise UnsupportedByRedshift(
                f"WHEN {word} AND condition in MERGE", "put the condition into the source"
            )
    matched = [each for each in clauses if each.args["matched"]]
    if len(matched) != 1 or len(clauses) - len(matched) != 1:
        raise UnsupportedByRedshift(
            "MERGE without exactly one WHEN MATCHED and one WHEN NOT MATCHED"
        )
    if not isinstance(tree.args["using"], exp.Table):
        raise UnsupportedByRedshift(
            "MERGE from a query", "statements_for_redshift makes a table of it"
        )
    if tree.args.get("with_"):
        raise UnsupportedByRedshift("WITH before MERGE")
    _without_alias(tree)


def _without_alias(tree: exp.Merge) -> None:
    """Redshift's MERGE has no alias for its target."""
    target = tree.this
    alias = target.alias
    if not alias:
        return
    target.set("alias", None)
    for column in tree.find_all(exp.Column):
        if column.table.lower() == alias.lower():
            column.set("table", exp.to_identifier(target.name))


def take_source(tree: exp.Merge) -> tuple[str, exp.Expr] | None:
    """Put a table in the place of the query that is merged: its name, and the query.

    None where a table is merged already.
    """
    using = tree.args["using"]
    if isinstance(using, exp.Table):
        return None
    name = f"merge_source_{tree.this.name}"
    tree.set("using", exp.alias_(exp.to_table(name), using.alias or name, table=True))
    return name, using.this if isinstance(using, exp.Subquery) else using
