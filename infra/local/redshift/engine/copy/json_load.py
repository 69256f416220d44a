"""COPY … FORMAT JSON: rows of documents, those that cannot be loaded kept in stl_load_errors."""

from __future__ import annotations

import bz2
import gzip
from collections.abc import Sequence
from itertools import batched
from pathlib import Path
from typing import Any, BinaryIO, cast

import pyarrow as pa

from infra.local.athena.session import quote_name
from infra.local.redshift.engine.copy.json_documents import (
    Document,
    Pick,
    as_text,
    by_name,
    by_paths,
    documents,
)
from infra.local.redshift.engine.copy.options import CopyOptions
from infra.local.redshift.engine.copy.values import Converter, Refused
from infra.local.redshift.engine.errors import RedshiftError
from infra.local.redshift.engine.loads import LoadedFile, LoadError
from infra.local.redshift.engine.objects import S3Object, fetch, read
from infra.local.redshift.engine.relation import Column, Relation
from infra.local.redshift.engine.statements.insert import add, complete
from infra.local.redshift.engine.types import length_bytes, name_of
from infra.local.redshift.engine.work import Work

_ROWS_AT_ONCE = 20_000


class TooManyErrors(Exception):
    """As many rows were refused as end the load."""


class JsonLoad:
    """Loads objects of JSON into a table."""

    def __init__(
        self, work: Work, relation: Relation, columns: Sequence[Column], options: CopyOptions
    ) -> None:
        self._work = work
        self._relation = relation
        self._columns = columns
        self._options = options
        self._converters = [Converter(column, options) for column in columns]
        self.errors: list[LoadError] = []
        self.files: list[LoadedFile] = []

    def load(self, objects: Sequence[S3Object], folder: Path) -> int:
        """Add the rows of all objects; how many.

        Raises:
            TooManyErrors: rows were refused, MAXERROR of them or more.
        """
        s3 = self._work.s3(self._options.role_arn)
        pick = self._pick()
        count = 0
        for number, each in enumerate(objects):
            path = folder / str(number)
            fetch(s3, each, path)
            count += self._load_file(each, path, pick)
            path.unlink()
        return count

    def _pick(self) -> Pick:
        paths = self._options.json_paths
        if paths.lower() in ("auto", "auto ignorecase"):
            return by_name(self._columns, ignore_case="ignorecase" in paths.lower())
        text = read(self._work.s3(self._options.role_arn), paths)
        return by_paths(text, self._columns)

    def _load_file(self, source: S3Object, path: Path, pick: Pick) -> int:
        count = lines = 0
        errors_before = len(self.errors)
        try:
            with _opened(path, self._options.compression) as file:
                for some in batched(documents(file, self._options.replacement), _ROWS_AT_ONCE):
                    self._work.connection.check()
                    lines += len(some)
                    rows = [self._row(source, each, pick) for each in some]
                    count += self._add([row for row in rows if row is not None])
        except (OSError, EOFError) as error:
            message = f"{source.uri} cannot be read as {self._options.compression}: {error}"
            raise RedshiftError(message, "XX000") from error
        self.files.append(
            LoadedFile(
                filename=source.uri,
                lines_scanned=lines,
                errors=len(self.errors) - errors_before,
            )
        )
        return count

    def _row(self, source: S3Object, document: Document, pick: Pick) -> list[Any] | None:
        """The values of a row; None when it is refused."""
        column, field = None, ""
        try:
            if document.refused is not None:
                raise document.refused
            row = []
            for converter, value in zip(self._converters, pick(document.value), strict=True):
                column, field = converter.column, as_text(value) or ""
                row.append(converter(as_text(value)))
        except Refused as error:
            self.errors.append(_load_error(source, document, column, field, error))
            if len(self.errors) >= max(self._options.max_errors, 1):
                raise TooManyErrors from error
            return None
        return row

    def _add(self, rows: list[list[Any]]) -> int:
        if not rows:
            return 0
        values = list(zip(*rows, strict=True))
        table = pa.table(
            [
                pa.array(list(column), _arrow_type(of))
                for column, of in zip(values, self._columns, strict=True)
            ],
            names=[column.name for column in self._columns],
        )
        given = {column.name: _stored(quote_name(column.name), column) for column in self._columns}
        cells = ", ".join(complete(self._work, self._relation, given))
        with self._work.connection.registered("copy_rows", table):
            return add(self._work, self._relation, f"SELECT {cells} FROM copy_rows")


def _opened(path: Path, compression: str) -> BinaryIO:
    if compression == "GZIP":
        return cast(BinaryIO, gzip.open(path))
    if compression == "BZIP2":
        return cast(BinaryIO, bz2.open(path))
    if compression == "ZSTD":
        return cast(BinaryIO, pa.CompressedInputStream(pa.OSFile(str(path), "rb"), "zstd"))
    return path.open("rb")


def _arrow_type(column: Column) -> pa.DataType:
    kind = column.type
    match kind.name:
        case "decimal":
            return pa.decimal128(kind.precision, kind.scale)
        case "timestamp" | "timestamp with time zone":
            return pa.timestamp("us", tz="UTC")
    simple: dict[str, pa.DataType] = {
        "smallint": pa.int16(),
        "integer": pa.int32(),
        "bigint": pa.int64(),
        "real": pa.float32(),
        "double": pa.float64(),
        "boolean": pa.bool_(),
        "date": pa.date32(),
    }
    return simple.get(kind.name, pa.string())


def _stored(sql: str, column: Column) -> str:
    return f"timezone('UTC', {sql})" if column.type.name == "timestamp" else sql


def _load_error(
    source: S3Object, document: Document, column: Column | None, field: str, error: Refused
) -> LoadError:
    return LoadError(
        filename=source.uri,
        line_number=document.line_number,
        colname=column.name if column else "",
        type=name_of(column.type).short if column else "",
        col_length=str(length_bytes(column.type) or 0) if column else "",
        position=0,
        raw_line=document.text,
        raw_field_value=field,
        err_code=error.code,
        err_reason=error.reason,
    )
