"""OPTIMIZE: small files, and those from which rows were deleted, written anew as few.

Source: https://docs.aws.amazon.com/athena/latest/ug/optimize-statement.html
"""

from __future__ import annotations

from collections import defaultdict

from pyiceberg.manifest import DataFile

from infra.local.athena.ddl.lexer import Cursor
from infra.local.athena.dml import changes
from infra.local.athena.dml.target import Target, scan_of
from infra.local.athena.errors import Position, located, unsupported
from infra.local.athena.iceberg.writes.data_files import stage
from infra.local.athena.journal import Outcome
from infra.local.athena.queries import load, new_context
from infra.local.athena.session import quote_name
from infra.local.athena.sql.plan import PLACE
from infra.local.athena.work import Work

SMALL_BYTES = 384 << 20
"""Three quarters of Athena's target, `optimize_rewrite_min_data_file_size_bytes` if not said."""

_FILE = quote_name(PLACE[0])


def optimize(work: Work) -> Outcome:
    """OPTIMIZE table REWRITE DATA USING BIN_PACK.

    Raises:
        QueryError: the table is none of Iceberg, or another statement changed it meanwhile.
    """
    cursor = Cursor(work.statement.text)
    cursor.expect("OPTIMIZE")
    database, name = cursor.qualified_name(work.database)
    cursor.expect("REWRITE", "DATA", "USING", "BIN_PACK")
    if cursor.accept("WHERE"):
        raise unsupported("OPTIMIZE … WHERE")
    cursor.end()
    table = work.catalog.get(database, name)
    if not table.is_iceberg:
        message = f"OPTIMIZE is for tables of Iceberg: {database}.{name} is none"
        raise located("NOT_SUPPORTED", message, Position())
    target = Target(table, work.catalog.iceberg(table))
    context = new_context(work)
    scan, source = scan_of(context, target)
    load(work, context.statement)
    live = dict(work.session.rows(f"SELECT {_FILE}, count(*) FROM {scan.name} GROUP BY ALL"))
    chosen = _chosen(target, scan.files, live)
    if chosen:
        columns = [field for field in source.fields if not field.hidden]
        items = ", ".join(f"{field.value.sql} AS c{i}" for i, field in enumerate(columns))
        numbers = ", ".join(map(str, chosen))
        rows = stage(work.session, f"SELECT {items} FROM {source.sql} WHERE {_FILE} IN ({numbers})")
        changes.rewrite(work, target, rows, [scan.files[number] for number in chosen])
    return changes.outcome(work, 0)


def _chosen(target: Target, files: list[DataFile], live: dict[int, int]) -> list[int]:
    """The numbers of the files to write anew; `live` are the rows that each still has."""
    metadata = target.iceberg.metadata
    least = int(metadata.properties.get("optimize_rewrite_min_data_file_size_bytes", SMALL_BYTES))
    partitions: dict[object, list[int]] = defaultdict(list)
    stale: set[int] = set()
    for number, file in enumerate(files):
        if live.get(number, 0) < file.record_count or file.spec_id != metadata.default_spec_id:
            stale.add(number)
        if number in stale or file.file_size_in_bytes < least:
            values = tuple(file.partition[i] for i in range(len(file.partition)))
            partitions[file.spec_id, values].append(number)
    # One small file alone is as few as can be.
    wanted = (each for each in partitions.values() if len(each) > 1 or stale.intersection(each))
    return sorted(number for numbers in wanted for number in numbers)
