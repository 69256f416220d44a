"""Which partitions of a table a query reads."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from infra.local.athena.catalog import Catalog, Column, Partition, Table
from infra.local.athena.errors import ErrorType, QueryError
from infra.local.athena.projection import is_projected, key_values, projected
from infra.local.athena.session import Session, quote_name, quote_text
from infra.local.athena.sql.casts import cast
from infra.local.athena.sql.named import column_type
from infra.local.athena.sql.plan import Predicate, Scan
from infra.local.athena.sql.scope import Typed
from infra.local.athena.types import VARCHAR


@dataclass(frozen=True, slots=True)
class Chosen:
    """The partitions to read; a table without keys is one partition without values."""

    partitions: list[Partition]
    total: int
    """How many there were to choose from."""


def choose(scan: Scan, catalog: Catalog, session: Session) -> Chosen:
    """The partitions that the scan's predicates leave.

    Raises:
        QueryError: a partition's value does not fit its key, or projection is set up wrongly.
    """
    table = scan.table
    if not table.partition_keys:
        return Chosen([Partition((), table.storage)], 1)
    if is_projected(table):
        candidates = list(projected(table, _projected_values(scan, session)))
    else:
        candidates = list(catalog.partitions(table))
    rows = [partition.values for partition in candidates]
    kept = _filter(session, table, table.partition_keys, rows, scan.predicates)
    return Chosen([candidates[i] for i in kept], len(candidates))


def _projected_values(scan: Scan, session: Session) -> list[list[str]]:
    """Each key's values, those of one key filtered before they are combined with the others'."""
    result = []
    for key in scan.table.partition_keys:
        literals = [each.equals[key.name] for each in scan.predicates if key.name in each.equals]
        equals = frozenset.intersection(*literals) if literals else None
        values = list(key_values(scan.table, key, equals=equals, now=datetime.now(UTC)))
        own = [each for each in scan.predicates if each.keys == {key.name}]
        kept = _filter(session, scan.table, [key], [(value,) for value in values], own)
        result.append([values[i] for i in kept])
    return result


def _filter(
    session: Session,
    table: Table,
    keys: Sequence[Column],
    rows: Sequence[tuple[str | None, ...]],
    predicates: Iterable[Predicate],
) -> list[int]:
    """The numbers of the rows for which all predicates hold."""
    tests = [predicate.sql for predicate in predicates]
    if not rows or not tests:
        return list(range(len(rows)))
    names = [quote_name(f"text{i}") for i in range(len(keys))]
    values = ", ".join(
        f"({i}, {', '.join('NULL' if v is None else quote_text(v) for v in row)})"
        for i, row in enumerate(rows)
    )
    typed = ", ".join(
        f"{key_value(table, key, name).sql} AS {quote_name(key.name)}"
        for key, name in zip(keys, names, strict=True)
    )
    sql = (
        f"SELECT number FROM (SELECT number, {typed} FROM (VALUES {values})"
        f" AS v(number, {', '.join(names)})) WHERE {' AND '.join(tests)} ORDER BY number"
    )
    return [row[0] for row in session.rows(sql)]


def key_value(table: Table, key: Column, text: str) -> Typed:
    """A partition's value, kept as text in the catalog, as its key's type; `text` is DuckDB's."""
    kind = column_type(table, key.name, key.hive_type)
    if kind.name in ("array", "map", "row"):
        raise QueryError(
            "HIVE_INVALID_PARTITION_VALUE",
            f"Unsupported type [{kind}] for partition key: {key.name}",
            error_type=ErrorType.DATA,
        )
    return cast(Typed(text, VARCHAR), kind, safe=False)
