"""Files of lines: each line a text, compressed or not, blank lines left out."""

from __future__ import annotations

from infra.local.athena.catalog import Table
from infra.local.athena.errors import ErrorType, QueryError
from infra.local.athena.formats.reader import DataFile, file_number, path_list

_MAX_LINE_BYTES = 4 << 20
"""DuckDB reserves a multiple of it for each thread that reads."""


def lines(table: Table, files: list[DataFile]) -> str:
    """The SELECT of `line` and `file_number`, the header lines of each file skipped.

    Raises:
        QueryError: the table's `skip.header.line.count` is no number.
    """
    skipped = table.parameters.get("skip.header.line.count", "0")
    if not skipped.isdigit():
        raise QueryError(
            "HIVE_INVALID_METADATA",
            f"skip.header.line.count of {table.database}.{table.name} is {skipped!r}",
            error_type=ErrorType.DATA,
        )
    # No line holds these: each is one value, as it stands.
    whole = "delim = '\x01\x02\x03', nullstr = '\x04\x05\x06', quote = '', escape = ''"
    return (
        f"SELECT line, {file_number(files)} FROM read_csv({path_list(files)},"
        " auto_detect = false, header = false, columns = {'line': 'VARCHAR'},"
        f" {whole}, skip = {skipped}, max_line_size = {_MAX_LINE_BYTES}) WHERE line <> ''"
    )
