"""The files that a data set hands to Athena or Spark: their conversion, as a batch like others."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lake.convert import FileRefused, reconcile
from lake.engines.athena import AthenaEngine
from lake.engines.documents import EngineConversion, LandedObject, NotForThisEngine
from lake.engines.ends import read_ends
from lake.engines.limits import Engine
from lake.engines.spark import JobDocument, job_document, spark_rules
from lake.engines.spark_results import Made, read_results
from lake.engines.sql.rules import Rules
from lake.pipeline.documents import Batch, Document, FileRange, LandedFile, Part, Plan
from lake.pipeline.lake import Lake
from lake.pipeline.results import RangeResult

log = logging.getLogger(__name__)

type _Made = tuple[FileRange, EngineConversion | FileRefused | None, float]
"""A file, what an engine made of it, None where it does not read it, and the seconds it took."""


class SparkJob(Document):
    """A batch that Spark converts: what the job reads, and which files it is about."""

    conversion: str
    ranges: tuple[FileRange, ...]
    left: tuple[FileRange, ...]
    """Files that Spark does not read; a worker converts them."""
    document: JobDocument


@dataclass(frozen=True, kw_only=True)
class HandedOver:
    """What an engine made of a batch."""

    conversion: str
    results: tuple[RangeResult, ...]
    parts: tuple[Part, ...]
    rejects: tuple[Part, ...]
    left: tuple[FileRange, ...]
    """Files that the engine does not read; a worker converts them."""


def converted_by_engine(lake: Lake, plan: Plan, batch: Batch) -> HandedOver:
    """What the engine of a batch makes of it; a worker's is left whole."""
    match batch.engine:
        case "athena":
            return converted_by_athena(lake, plan, batch)
        case "spark":
            return converted_by_spark(lake, plan)
        case "worker":
            made = ((each, None, 0.0) for each in batch.ranges)
            return _handed_over(lake, new_conversion(batch), made, engine="worker")


def converted_by_athena(lake: Lake, plan: Plan, batch: Batch) -> HandedOver:
    """Let Athena convert the files of a batch, one after the other."""
    conversion = new_conversion(batch)
    engine = AthenaEngine(athena=lake.athena, warehouse=lake.warehouse)
    made: list[_Made] = []
    for number, each in enumerate(batch.ranges):
        started = time.monotonic()
        place = f"{lake.places.run(plan.run_id).staged}{conversion}/{number:04}/"
        made.append((each, _by_athena(lake, plan, each, engine, place), time.monotonic() - started))
    return _handed_over(lake, conversion, made, engine="athena")


def _by_athena(
    lake: Lake, plan: Plan, each: FileRange, engine: AthenaEngine, place: str
) -> EngineConversion | FileRefused | None:
    try:
        return engine.convert(
            lake.data_set,
            landed_object(lake, each.file),
            rows=f"{lake.rows.prefix}{place}",
            rejects=f"{lake.quarantine.prefix}{place}",
            run_id=plan.run_id,
        )
    except FileRefused as refused:
        return refused
    except NotForThisEngine as reason:
        log.warning("a worker converts %s: %s", each.file.key, reason)
        return None


def write_spark_job(lake: Lake, plan: Plan) -> str | None:
    """Write down what Spark has to convert; the URI of the document that its job reads.

    None where there is nothing.
    """
    if plan.spark_batch is None:
        return None
    places = lake.places.run(plan.run_id)
    batch = lake.store.require(places.batch(plan.attempt, plan.spark_batch), Batch)
    conversion = new_conversion(batch)
    ranges, left = [], []
    files: list[tuple[LandedObject, Rules]] = []
    for each in batch.ranges:
        file = landed_object(lake, each.file)
        try:
            files.append((file, spark_rules(lake.data_set, read_ends(lake.store.s3, file))))
        except (NotForThisEngine, FileRefused) as reason:
            log.warning("a worker converts %s: %s", each.file.key, reason)
            left.append(each)
        else:
            ranges.append(each)
    place = f"{places.staged}{conversion}/"
    job = SparkJob(
        conversion=conversion,
        ranges=tuple(ranges),
        left=tuple(left),
        document=job_document(
            lake.data_set,
            files,
            rows=f"s3://{lake.warehouse.bucket}/{lake.rows.prefix}{place}",
            rejects=f"s3://{lake.warehouse.bucket}/{lake.quarantine.prefix}{place}",
            scratch=f"s3://{lake.warehouse.bucket}/{places.spark_scratch(plan.attempt)}",
            run_id=plan.run_id,
            field_ids=plan.field_ids,
            rejects_field_ids=plan.quarantine_field_ids,
        ),
    )
    lake.store.write(places.spark_job(plan.attempt), job)
    lake.store.write(places.spark_document(plan.attempt), job.document)
    uri = f"s3://{lake.warehouse.bucket}/{places.spark_document(plan.attempt)}"
    return uri if ranges else None


def converted_by_spark(lake: Lake, plan: Plan) -> HandedOver:
    """What the job made of its files."""
    job = lake.store.require(lake.places.run(plan.run_id).spark_job(plan.attempt), SparkJob)
    files = [landed_object(lake, each.file) for each in job.ranges]
    results: Sequence[Made] = []
    if files:
        results = read_results(
            lake.data_set, files, warehouse=lake.warehouse, document=job.document
        )
    made: list[_Made] = []
    for each, result in zip(job.ranges, results, strict=True):
        if isinstance(result, NotForThisEngine):
            log.warning("a worker converts %s: %s", each.file.key, result)
            made.append((each, None, 0.0))
        else:
            made.append((each, result, 0.0))
    made += [(each, None, 0.0) for each in job.left]
    return _handed_over(lake, job.conversion, made, engine="spark")


def landed_object(lake: Lake, file: LandedFile) -> LandedObject:
    """A file of the landing bucket as an engine takes it."""
    return LandedObject(
        bucket=lake.store.landing_bucket,
        key=file.object_key,
        version_id=file.version_id,
        etag=file.etag,
        size_bytes=file.size_bytes,
        source_key=file.key,
    )


def new_conversion(batch: Batch) -> str:
    """The folder of one try of a batch."""
    return f"{batch.number:04}-{uuid.uuid4().hex[:12]}"


def _handed_over(
    lake: Lake,
    conversion: str,
    made: Iterable[_Made],
    *,
    engine: Engine,
) -> HandedOver:
    results: list[RangeResult] = []
    parts: list[Part] = []
    rejects: list[Part] = []
    left: list[FileRange] = []
    for each, found, seconds in made:
        if found is None:
            left.append(each)
            continue
        result = _result(lake, each, found, engine=engine, seconds=seconds)
        results.append(result)
        if isinstance(found, EngineConversion) and not result.reason:
            parts += found.parts
            rejects += found.rejects
    return HandedOver(
        conversion=conversion,
        results=tuple(results),
        parts=tuple(parts),
        rejects=tuple(rejects),
        left=tuple(left),
    )


def _result(
    lake: Lake,
    each: FileRange,
    found: EngineConversion | FileRefused,
    *,
    engine: Engine,
    seconds: float,
) -> RangeResult:
    """As of a worker that converted the whole file."""
    try:
        if isinstance(found, FileRefused):
            raise found
        reconcile(lake.data_set, [found.conversion])
    except FileRefused as refused:
        log.error("refused %s: %s", each.file.key, refused)
        return RangeResult(
            range=each,
            reason=refused.reason,
            counts=refused.counts,
            engine=engine,
            seconds=seconds,
        )
    log.info("%s: %s", each.file.key, found.conversion.counts)
    return RangeResult.converted(each, found.conversion, engine=engine, seconds=seconds)
