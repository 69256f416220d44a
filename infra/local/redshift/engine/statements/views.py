"""Views and schemas.

Source: https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_VIEW.html and r_CREATE_SCHEMA.html
"""

from __future__ import annotations

import re
from dataclasses import replace

from infra.local.redshift.engine.errors import RedshiftError, unsupported
from infra.local.redshift.engine.outcome import Outcome
from infra.local.redshift.engine.relation import Column, Relation
from infra.local.redshift.engine.types import stored
from infra.local.redshift.engine.work import Work

_LATE = re.compile(r"\s+WITH\s+NO\s+SCHEMA\s+BINDING\s*$", re.IGNORECASE)


def create_view(work: Work) -> Outcome:
    """CREATE [OR REPLACE] VIEW name [(columns)] AS query [WITH NO SCHEMA BINDING]."""
    cursor = work.cursor
    cursor.expect("CREATE")
    replaces = cursor.accept("OR", "REPLACE")
    if cursor.accept("MATERIALIZED"):
        raise unsupported("a materialized view")
    cursor.expect("VIEW")
    schema, name = cursor.qualified_name()
    names = cursor.names() if cursor.word == "(" else None
    cursor.expect("AS")
    text = cursor.rest()
    late_binding = _LATE.search(text) is not None
    text = _LATE.sub("", text)
    existing = work.catalog.find(work.schema_of(schema), name)
    if existing is not None and replaces:
        if not existing.is_view:
            raise RedshiftError(f'"{name}" is not a view', "42809")
        work.catalog.remove(existing)
    view = Relation(
        schema=work.schema_of(schema),
        name=name,
        columns=(),
        owner=work.user,
        definition=text,
        late_binding=late_binding,
    )
    if not late_binding:
        view = _bound(work, view, names)
    made = work.catalog.create(view)
    if existing is not None and replaces:
        work.catalog.remove(made)
        work.catalog.change(replace(made, oid=existing.oid))
    return Outcome(tag="CREATE VIEW")


def _bound(work: Work, view: Relation, names: list[str] | None) -> Relation:
    """The view with the columns and the relations of its query."""
    work.reads.clear()
    query = work.context().query(work.tree(view.definition))
    own = [field.name or "?column?" for field in query.columns]
    if names is not None and len(names) != len(own):
        raise RedshiftError("CREATE VIEW specifies more column names than columns", "42601")
    columns = tuple(
        Column(name=name, type=stored(field.value.type))
        for name, field in zip(names or own, query.columns, strict=True)
    )
    return replace(view, columns=columns, reads=tuple(sorted(work.reads)))


def drop_view(work: Work) -> Outcome:
    """DROP VIEW [IF EXISTS] name, … [CASCADE | RESTRICT]."""
    cursor = work.cursor
    cursor.expect("DROP", "VIEW")
    if_exists = cursor.accept("IF", "EXISTS")
    names = [cursor.qualified_name()]
    while cursor.accept(","):
        names.append(cursor.qualified_name())
    cascade = cursor.accept("CASCADE")
    cursor.accept("RESTRICT")
    cursor.end()
    for schema, name in names:
        if if_exists and work.catalog.find(schema, name) is None:
            continue
        found = work.catalog.get(schema, name)
        if not found.is_view:
            raise RedshiftError(f'"{name}" is not a view', "42809")
        drop_dependants(work, found, cascade=cascade)
        work.catalog.remove(found)
    return Outcome(tag="DROP VIEW")


def drop_dependants(work: Work, relation: Relation, *, cascade: bool) -> None:
    """Remove the views that read a relation.

    Raises:
        RedshiftError: there are some, and `cascade` is not said.
    """
    for view in work.catalog.dependants(relation.oid):
        if not cascade:
            kind = "view" if relation.is_view else "table"
            message = f"cannot drop {kind} {relation.name} because other objects depend on it"
            raise RedshiftError(message, "2BP01")
        drop_dependants(work, view, cascade=True)
        work.catalog.remove(view)


def create_schema(work: Work) -> Outcome:
    """CREATE SCHEMA [IF NOT EXISTS] name [AUTHORIZATION user]."""
    cursor = work.cursor
    cursor.expect("CREATE")
    if cursor.accept("EXTERNAL"):
        raise unsupported("CREATE EXTERNAL SCHEMA")
    cursor.expect("SCHEMA")
    if_not_exists = cursor.accept("IF", "NOT", "EXISTS")
    name = cursor.name()
    owner = cursor.name() if cursor.accept("AUTHORIZATION") else work.user
    cursor.end()
    if work.catalog.has_schema(name):
        if if_not_exists:
            return Outcome(tag="CREATE SCHEMA")
        raise RedshiftError(f'schema "{name}" already exists', "42P06")
    if name.startswith("pg_") or name == "information_schema":
        raise RedshiftError(f'unacceptable schema name "{name}"', "42939")
    work.catalog.create_schema(name, owner)
    return Outcome(tag="CREATE SCHEMA")


def drop_schema(work: Work) -> Outcome:
    """DROP SCHEMA [IF EXISTS] name [CASCADE | RESTRICT]."""
    from infra.local.redshift.engine.statements.tables import drop  # noqa: PLC0415 - it needs this

    cursor = work.cursor
    cursor.expect("DROP", "SCHEMA")
    if_exists = cursor.accept("IF", "EXISTS")
    name = cursor.name()
    cascade = cursor.accept("CASCADE")
    cursor.accept("RESTRICT")
    cursor.end()
    if if_exists and not work.catalog.has_schema(name):
        return Outcome(tag="DROP SCHEMA")
    work.catalog.require_schema(name)
    for relation in work.catalog.relations(name):
        if not cascade:
            message = f"cannot drop schema {name} because other objects depend on it"
            raise RedshiftError(message, "2BP01")
        if work.catalog.find(relation.schema, relation.name) is None:
            continue  # a view that went with what it reads
        if relation.is_view:
            drop_dependants(work, relation, cascade=True)
            work.catalog.remove(relation)
        else:
            drop(work, relation, cascade=True)
    work.catalog.drop_schema(name)
    return Outcome(tag="DROP SCHEMA")
