"""What the Spark job left: what became of each of its files."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from lake.convert import Conversion, Counts, FileRefused
from lake.dataset import DataSet
from lake.engines import parts
from lake.engines.athena import content_hash
from lake.engines.documents import EngineConversion, LandedObject, NotForThisEngine
from lake.engines.ends import require_version
from lake.engines.facts import Trailer, facts_of
from lake.engines.spark import JobDocument, JobFile
from lake.engines.sql.formats import unreadable_header
from lake.engines.sql.statements import folder_names
from lake.tables import Part, Warehouse

type Made = EngineConversion | FileRefused | NotForThisEngine
"""Of a file; where the job found that only a worker reads it, it wrote nothing."""


def read_results(
    data_set: DataSet,
    files: Sequence[LandedObject],
    *,
    warehouse: Warehouse,
    document: JobDocument,
) -> list[Made]:
    """What the last attempt of the job made of each file, in their order.

    Args:
        data_set: as the job had it.
        files: the objects that the job had.
        warehouse: the bucket that everything went to.
        document: the job's.

    Raises:
        ObjectChanged: a file is another object by now.
        RuntimeError: the job left no result, or lines are missing among rows, rejects and control
            records.
    """
    result = json.loads(_result(warehouse, document))
    attempt = result["attempt"]
    found: list[Made] = []
    for file, job_file, made in zip(files, document.files, result["files"], strict=True):
        require_version(warehouse.s3, file)
        rows, rejects = _written(data_set, file, job_file, attempt, warehouse)
        measures = [measure.name for measure in document.rules[job_file.rules].measures]
        found.append(_conversion(data_set, file, made, rows, rejects, measures=measures))
    return found


def _written(
    data_set: DataSet, file: LandedObject, job_file: JobFile, attempt: str, warehouse: Warehouse
) -> tuple[tuple[Part, ...], tuple[Part, ...]]:
    """The parts of rows and of rejects; none, where the file was refused."""
    names = folder_names(data_set.partitions, {column.name for column in data_set.columns})
    folders = dict(zip(names, data_set.partitions, strict=True))
    rows, rejects = (
        _key(f"{uri}{attempt}/", warehouse) for uri in (job_file.rows, job_file.rejects)
    )
    key = file.source_key
    return (
        parts.written_parts(warehouse, rows, folders=folders, source_key=key),
        parts.written_parts(warehouse, rejects, folders={}, source_key=key),
    )


def _key(uri: str, warehouse: Warehouse) -> str:
    return uri.removeprefix(f"s3://{warehouse.bucket}/")


def _conversion(
    data_set: DataSet,
    file: LandedObject,
    result: Mapping[str, Any],
    rows: tuple[Part, ...],
    rejects: tuple[Part, ...],
    *,
    measures: Sequence[tuple[str, str]],
) -> Made:
    nothing = Counts(lines=0, rows=0, rejected=0, control=0, reasons={})
    if not result["lines"]:
        return FileRefused("the file is empty", nothing)
    if "unread" in result:
        return NotForThisEngine.because_of_lines(result["unread"])
    if "first_line" in result:
        first_line = result["first_line"].encode("latin-1")
        return FileRefused(unreadable_header(data_set, first_line), nothing)
    if (written := sum(part.rows for part in rows)) != result["rows"]:
        raise RuntimeError(f"Spark wrote {written} of {result['rows']} rows of {file.uri}")
    counts = Counts(
        lines=result["lines"],
        rows=written,
        rejected=sum(part.rows for part in rejects),
        control=result["control"],
        reasons=result["reasons"],
    )
    trailer = result["trailer"] and Trailer(
        line_number=result["trailer"]["line_number"],
        record=result["trailer"]["record"].encode("latin-1"),
        after=result["trailer"]["after"],
    )
    facts = facts_of(
        data_set,
        lines=counts.lines,
        trailer=trailer,
        reasons=counts.reasons,
        measures=dict(zip(measures, map(Decimal, result["measures"]), strict=True)),
    )
    conversion = Conversion(
        counts=counts,
        size_bytes=file.size_bytes,
        sha256=content_hash(file),
        facts=facts,
    )
    return EngineConversion(conversion=conversion, parts=rows, rejects=rejects)


def _result(warehouse: Warehouse, document: JobDocument) -> bytes:
    """The text that the job wrote: one line, in one of several objects."""
    prefix = _key(f"{document.scratch}result/", warehouse)
    objects = warehouse.s3.list_objects_v2(Bucket=warehouse.bucket, Prefix=prefix)
    keys = [item["Key"] for item in objects.get("Contents", [])]
    if not keys:
        raise RuntimeError(f"the Spark job left no result below {document.scratch}")
    texts = [
        warehouse.s3.get_object(Bucket=warehouse.bucket, Key=key)["Body"].read() for key in keys
    ]
    return b"".join(texts)
