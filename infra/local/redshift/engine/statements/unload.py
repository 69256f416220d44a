"""UNLOAD: the rows of a query as objects in S3.

Source: https://docs.aws.amazon.com/redshift/latest/dg/r_UNLOAD.html
"""

from __future__ import annotations

import json
import shutil
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from botocore.exceptions import BotoCoreError, ClientError

from infra.local.athena.session import quote_name, quote_text
from infra.local.athena.sql.plan import Query
from infra.local.athena.types import Type
from infra.local.redshift.engine.copy.options import role_of
from infra.local.redshift.engine.errors import RedshiftError, unsupported
from infra.local.redshift.engine.language.text import text_of
from infra.local.redshift.engine.lexer import Cursor
from infra.local.redshift.engine.objects import address, list_prefix, refused
from infra.local.redshift.engine.outcome import Outcome
from infra.local.redshift.engine.work import Work

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_FORMATS = ("PARQUET", "CSV", "JSON")
_REFUSED = frozenset(
    {
        "ADDQUOTES", "ACCESS_KEY_ID", "BZIP2", "CREDENTIALS", "DELIMITER", "ENCRYPTED", "ESCAPE",
        "EXTENSION", "FIXEDWIDTH", "KMS_KEY_ID", "MAXFILESIZE", "NULL", "ROWGROUPSIZE", "ZSTD",
    }
)  # fmt: skip
_NULL_PARTITION = "__HIVE_DEFAULT_PARTITION__"


@dataclass(slots=True)
class _Options:
    role_arn: str | None = None
    format: str = ""
    partition_by: list[str] = field(default_factory=list)
    include: bool = False
    """Whether the columns of the partition are in the files too."""
    header: bool = False
    gzip: bool = False
    manifest: bool = False
    allow_overwrite: bool = False
    clean_path: bool = False


def unload(work: Work) -> Outcome:
    """UNLOAD ('query') TO 's3://…' IAM_ROLE … FORMAT PARQUET | CSV | JSON …"""
    cursor = work.cursor
    cursor.expect("UNLOAD", "(")
    text = cursor.string()
    cursor.expect(")")
    cursor.expect("TO")
    uri = cursor.string()
    options = _read_options(cursor)
    query = work.context().query(work.tree(text))
    names = [column.name or "?column?" for column in query.columns]
    for name in options.partition_by:
        if name not in names:
            raise RedshiftError(f'column "{name}" of PARTITION BY is not in the query', "42703")
    s3 = work.s3(options.role_arn)
    _make_room(s3, uri, options)
    folder = work.scratch / uuid.uuid4().hex
    folder.mkdir(parents=True)
    try:
        count = _write(work, query, folder, options)
        entries = _upload(s3, uri, folder, options)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if options.manifest:
        _put(s3, f"{uri}manifest", json.dumps({"entries": entries}, indent=2).encode())
    return Outcome(tag="UNLOAD", row_count=count)


def _read_options(cursor: Cursor) -> _Options:
    options = _Options()
    authorized = False
    while not cursor.ended:
        if cursor.accept("IAM_ROLE"):
            authorized, options.role_arn = True, role_of(cursor)
        elif cursor.accept("PARTITION", "BY"):
            options.partition_by = cursor.names()
            options.include = cursor.accept("INCLUDE")
        elif cursor.accept("FORMAT") or cursor.word in _FORMATS:
            cursor.accept("AS")
            if cursor.word not in _FORMATS:
                raise unsupported(f"UNLOAD with the format {cursor.word}")
            options.format = cursor.word
            cursor.skip()
        elif cursor.accept("PARALLEL"):
            if not any(cursor.accept(word) for word in ("ON", "OFF", "TRUE", "FALSE")):
                raise cursor.wrong()
        elif cursor.accept("REGION"):
            cursor.accept("AS")
            cursor.string()
        else:
            _flag(cursor, options)
    if not authorized:
        raise unsupported("UNLOAD without IAM_ROLE")
    if not options.format:
        raise unsupported("UNLOAD of delimited text")
    if options.gzip and options.format == "PARQUET":
        raise RedshiftError("GZIP is not supported for UNLOAD to PARQUET", "0A000")
    return options


def _flag(cursor: Cursor, options: _Options) -> None:
    match cursor.word:
        case "HEADER":
            options.header = True
        case "GZIP":
            options.gzip = True
        case "MANIFEST":
            options.manifest = True
        case "ALLOWOVERWRITE":
            options.allow_overwrite = True
        case "CLEANPATH":
            options.clean_path = True
        case word if word in _REFUSED:
            raise unsupported(f"UNLOAD with {word}")
        case _:
            raise cursor.wrong()
    cursor.skip()


def _make_room(s3: S3Client, uri: str, options: _Options) -> None:
    """Refuse a place that holds something, or empty it with CLEANPATH."""
    if options.allow_overwrite:
        return
    there = list(list_prefix(s3, uri))
    if there and not options.clean_path:
        message = (
            f"Specified unload destination on S3 is not empty. Consider using a different bucket /"
            f" prefix, manually removing the target files in S3, or using the ALLOWOVERWRITE"
            f" option.\nDETAIL: {there[0].uri}"
        )
        raise RedshiftError(message)
    for each in there:
        try:
            s3.delete_object(Bucket=each.bucket, Key=each.key)
        except (ClientError, BotoCoreError) as error:
            raise refused(error) from error


def _write(work: Work, query: Query, folder: Path, options: _Options) -> int:
    """Run the query into files below a folder; how many rows there are."""
    items = []
    for place, column in enumerate(query.columns):
        name = column.name or f"column{place}"
        text = column.value.sql
        if name in options.partition_by:
            if options.include:
                items.append(f"{_stored(text, column.value.type, options)} AS {quote_name(name)}")
            shown = text_of(text, column.value.type)
            key = f"coalesce({shown}, '{_NULL_PARTITION}')"
            items.append(f"{key} AS {quote_name(f'partition {name}')}")
        else:
            items.append(f"{_stored(text, column.value.type, options)} AS {quote_name(name)}")
    settings = {
        "PARQUET": ["FORMAT parquet", "COMPRESSION snappy"],
        "CSV": ["FORMAT csv", f"HEADER {str(options.header).lower()}"],
        "JSON": ["FORMAT json"],
    }[options.format]
    if options.gzip:
        settings.append("COMPRESSION gzip")
    target = folder / "0000_part_00"
    if options.partition_by:
        keys = ", ".join(quote_name(f"partition {name}") for name in options.partition_by)
        settings.append(f"PARTITION_BY ({keys})")
        target = folder
        settings += ["OVERWRITE_OR_IGNORE true", "FILENAME_PATTERN 'part_{i}'"]
    return work.connection.count(
        f"COPY (SELECT {', '.join(items)} FROM ({query.sql}))"
        f" TO {quote_text(str(target))} ({', '.join(settings)})"
    )


def _stored(sql: str, of: Type, options: _Options) -> str:
    """A value as the format holds it: moments are texts but in Parquet."""
    if options.format == "PARQUET" or of.is_numeric or of.name == "boolean":
        if options.format == "CSV" and of.name == "boolean":
            return f"CASE WHEN {sql} THEN 't' WHEN NOT {sql} THEN 'f' END"
        return sql
    return text_of(sql, of)


def _upload(s3: S3Client, uri: str, folder: Path, options: _Options) -> list[dict[str, object]]:
    """Upload the files under names as Redshift gives them; the entries of a manifest."""
    ending = {"PARQUET": ".parquet", "JSON": "", "CSV": ""}[options.format]
    ending += ".gz" if options.gzip else ""
    entries: list[dict[str, object]] = []
    files = [path for path in folder.rglob("*") if path.is_file()]
    for number, path in enumerate(sorted(files, key=lambda path: _place(path, folder))):
        place = _place(path, folder)
        between = "/" if place and not uri.endswith("/") else ""
        name = f"{uri}{between}{place}{number:04d}_part_00{ending}"
        _put(s3, name, path)
        size = path.stat().st_size
        entries.append({"url": name, "meta": {"content_length": size}})
    return entries


def _place(path: Path, folder: Path) -> str:
    """The folders of a file's partition; empty without partitions."""
    return "".join(f"{_partition(part)}/" for part in path.parent.relative_to(folder).parts)


def _partition(part: str) -> str:
    """`partition day=…`, a folder of DuckDB, under the name of the column."""
    name, _, value = unquote(part).removeprefix("partition ").partition("=")
    return f"{name}={quote(value, safe=' :-_.')}"


def _put(s3: S3Client, uri: str, body: bytes | Path) -> None:
    bucket, key = address(uri)
    try:
        if isinstance(body, bytes):
            s3.put_object(Bucket=bucket, Key=key, Body=body)
        else:
            s3.upload_file(str(body), bucket, key)
    except (ClientError, BotoCoreError) as error:
        raise refused(error) from error
