"""COPY … FORMAT PARQUET: columns by their place, of exactly the types of the table's.

Source: https://docs.aws.amazon.com/redshift/latest/dg/copy-usage_notes-copy-from-columnar.html
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from infra.local.athena.session import quote_name, quote_text
from infra.local.athena.sql.scope import Typed
from infra.local.athena.types import VARCHAR
from infra.local.redshift.engine.copy.options import CopyOptions
from infra.local.redshift.engine.errors import RedshiftError
from infra.local.redshift.engine.language.casts import assigned
from infra.local.redshift.engine.loads import LoadedFile
from infra.local.redshift.engine.objects import S3Object, fetch
from infra.local.redshift.engine.relation import Column, Relation
from infra.local.redshift.engine.statements.insert import add, complete
from infra.local.redshift.engine.types import full_name, length_bytes
from infra.local.redshift.engine.work import Work


class ParquetLoad:
    """Loads objects of Parquet into a table."""

    def __init__(
        self, work: Work, relation: Relation, columns: Sequence[Column], options: CopyOptions
    ) -> None:
        self._work = work
        self._relation = relation
        self._columns = columns
        self._role_arn = options.role_arn
        self.files: list[LoadedFile] = []

    def load(self, objects: Sequence[S3Object], folder: Path) -> int:
        """Add the rows of all objects; how many.

        Raises:
            RedshiftError: a file is no Parquet, or has other columns.
        """
        s3 = self._work.s3(self._role_arn)
        count = 0
        for number, each in enumerate(objects):
            path = folder / f"{number}.parquet"
            fetch(s3, each, path)
            loaded = self._load_file(each, path)
            self.files.append(LoadedFile(filename=each.uri, lines_scanned=loaded, errors=0))
            count += loaded
            path.unlink()
        return count

    def _load_file(self, source: S3Object, path: Path) -> int:
        try:
            schema = pq.read_schema(path)
        except (pa.ArrowInvalid, OSError) as error:
            message = f"File '{source.uri}' has an invalid version number or is no Parquet file"
            raise _scan_error(message) from error
        if len(schema) != len(self._columns):
            raise _scan_error(
                "Unmatched number of columns between table and file. Table columns: "
                f"{len(self._columns)}, Data columns: {len(schema)}, File name: {source.uri}"
            )
        given = {}
        for place, (field, column) in enumerate(zip(schema, self._columns, strict=True)):
            if not _fits(field.type, column):
                raise _scan_error(
                    f"File '{source.uri}' has an incompatible Parquet schema for column"
                    f" '{source.uri}.{field.name}'. Column type: {full_name(column.type).upper()},"
                    f" Parquet schema:\noptional {field.type} {field.name} [i:{place} d:1 r:0]"
                )
            given[column.name] = self._value(field, column)
        self._check_lengths(path, schema)
        cells = ", ".join(complete(self._work, self._relation, given))
        read = f"read_parquet({quote_text(str(path))})"
        return add(self._work, self._relation, f"SELECT {cells} FROM {read}")

    @staticmethod
    def _value(field: pa.Field[Any], column: Column) -> str:
        name = quote_name(field.name)
        if column.type.is_text:
            return assigned(Typed(name, VARCHAR), column)
        if pa.types.is_timestamp(field.type):
            clock = f"timezone('UTC', {name})" if field.type.tz else name
            zoned = column.type.name == "timestamp with time zone"
            stamp = f"CAST({clock} AS TIMESTAMP)"
            return f"timezone('UTC', {stamp})" if zoned else stamp
        return name

    def _check_lengths(self, path: Path, schema: pa.Schema) -> None:
        """Texts that are too long are said by column, with both lengths."""
        texts = [
            (column, quote_name(field.name))
            for field, column in zip(schema, self._columns, strict=True)
            if column.type.name == "varchar"
        ]
        if not texts:
            return
        items = ", ".join(f"max(octet_length(encode({name})))" for _, name in texts)
        sql = f"SELECT {items} FROM read_parquet({quote_text(str(path))})"
        (longest,) = self._work.connection.rows(sql)
        for (column, _), size in zip(texts, longest, strict=True):
            allowed = length_bytes(column.type)
            if (size or 0) > allowed:
                raise _scan_error(
                    f"The length of the data column {column.name} is longer than the length"
                    f" defined in the table. Table: {allowed}, Data: {size}"
                )


def _fits(of: pa.DataType, column: Column) -> bool:
    """Whether a column of the file has the type that the table's column reads."""
    kind = column.type
    match kind.name:
        case "varchar" | "char":
            return pa.types.is_string(of) or pa.types.is_large_string(of)
        case "smallint" | "integer":
            return of in (pa.int8(), pa.int16(), pa.int32())
        case "bigint":
            return of == pa.int64()
        case "real":
            return of == pa.float32()
        case "double":
            return of == pa.float64()
        case "boolean":
            return pa.types.is_boolean(of)
        case "date":
            return pa.types.is_date32(of)
        case "decimal":
            return (
                isinstance(of, pa.Decimal128Type)
                and of.scale == kind.scale
                and of.precision <= kind.precision
            )
        case "timestamp" | "timestamp with time zone":
            return pa.types.is_timestamp(of)
    return False


def _scan_error(context: str) -> RedshiftError:
    """As Redshift Spectrum, which reads the files, says it."""
    line = "-----------------------------------------------"
    detail = f"error:  Spectrum Scan Error\ncode:      15001\ncontext:   {context}"
    return RedshiftError(f"Spectrum Scan Error\nDETAIL:\n{line}\n{detail}\n{line}", "XX000")
