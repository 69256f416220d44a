"""Publish: the converted files of a run become part of the table, each with its durable record."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

from lake.dataset import DataSet
from lake.pipeline.catalog import Catalog
from lake.pipeline.documents import FileResult, LoadRecord, Part, Plan, Published
from lake.pipeline.places import Places, RunPlaces
from lake.pipeline.store import Store

log = logging.getLogger(__name__)


def publish(*, data_set: DataSet, store: Store, catalog: Catalog, plan: Plan) -> Published:
    """Publish every converted file of the plan, record every refused one.

    A file is copied under names made of its key and content, its partitions are registered, what
    it gave before under other content is deleted, and its record is written last: killed anywhere
    and run again, it leaves the same table. A file whose conversion never ended has no result: it
    is left for the next run.
    """
    places = Places.of(data_set)
    run = places.run(plan.run_id)
    results = _results(store=store, run=run, plan=plan)
    converted = [result for result in results if result.state == "converted"]
    catalog.ensure_table(data_set, location=_uri(store, places.table_prefix))
    loaded = tuple(
        _publish_file(data_set=data_set, plan=plan, store=store, catalog=catalog, result=result)
        for result in converted
    )
    refused = {}
    for result in results:
        if result.state == "refused":
            refused[result.file.key] = result.reason
            _record_refusal(places=places, store=store, result=result, run_id=plan.run_id)
    return Published(loaded=loaded, refused=refused)


def _results(*, store: Store, run: RunPlaces, plan: Plan) -> list[FileResult]:
    """The results for the versions that the plan names."""
    files = [file for batch in plan.batches for file in batch]
    found = store.read_many((run.result(file) for file in files), FileResult)
    results = []
    for file, result in zip(files, found, strict=True):
        if result is not None and result.file == file:
            results.append(result)
        else:
            log.warning("%s was not converted in this run: left for the next", file.key)
    return results


def _publish_file(
    *, data_set: DataSet, plan: Plan, store: Store, catalog: Catalog, result: FileResult
) -> LoadRecord:
    places, file = Places.of(data_set), result.file
    run = places.run(plan.run_id)
    before = store.read(places.record(file), LoadRecord)
    parts = tuple(
        Part(
            key=places.published_part(file, result.sha256, part.key),
            partition=part.partition,
            rows=part.rows,
        )
        for part in result.parts
    )
    copies = [
        (run.staged(file, staged.key), part.key)
        for staged, part in zip(result.parts, parts, strict=True)
    ]
    rejects_key = None
    if result.rejects_key is not None:
        rejects_key = places.rejects(file, result.sha256)
        copies.append((result.rejects_key, rejects_key))
    store.copy_many(copies)
    if partitions := {_folder_uri(store, part): part.partition for part in parts if part.partition}:
        catalog.add_partitions(data_set, partitions)
    if before is not None:
        _forget(store=store, before=before, keep={key for _, key in copies})
    record = LoadRecord(
        key=file.key,
        version_id=file.version_id,
        sha256=result.sha256,
        state="loaded",
        run_id=plan.run_id,
        recorded_at=datetime.now(UTC),
        lines=result.lines,
        rows=result.rows,
        rejected=result.rejected,
        parts=parts,
        rejects_key=rejects_key,
    )
    store.write(places.record(file), record)
    log.info("published %s: %d rows in %d objects", file.key, record.rows, len(parts))
    return record


def _forget(*, store: Store, before: LoadRecord, keep: set[str]) -> None:
    """Delete what the same key gave under other content."""
    old = {part.key for part in before.parts} | ({before.rejects_key} - {None})
    store.delete_many(sorted(key for key in old - keep if key))


def _record_refusal(*, places: Places, store: Store, result: FileResult, run_id: str) -> None:
    """Record why a file was refused, unless the table holds an earlier content of it."""
    record = places.record(result.file)
    before = store.read(record, LoadRecord)
    if before is not None and before.state == "loaded":
        return
    store.write(
        record,
        LoadRecord(
            key=result.file.key,
            version_id=result.file.version_id,
            sha256=result.sha256,
            state="refused",
            reason=result.reason,
            run_id=run_id,
            recorded_at=datetime.now(UTC),
        ),
    )


def _uri(store: Store, key: str) -> str:
    return f"s3://{store.curated_bucket}/{key}"


def _folder_uri(store: Store, part: Part) -> str:
    return _uri(store, part.key.rpartition("/")[0] + "/")
