"""Convert: what one mapped task has to, into parts that no reader sees yet."""

from __future__ import annotations

import io
import logging
import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from lake.convert import BatchConverter, FileRefused, SourceFile
from lake.pipeline.documents import Batch, FileRange, Plan
from lake.pipeline.hand_over import converted_by_engine
from lake.pipeline.lake import Lake
from lake.pipeline.parts import upload
from lake.pipeline.results import BatchResult, RangeResult
from lake.pipeline.store import Store

log = logging.getLogger(__name__)

SMALL_BYTES = 512 * 1024
"""Objects up to this size are fetched whole, ahead of the conversion, which waits for none then."""
AHEAD = 16
"""How many of them."""


def convert_batch(*, lake: Lake, plan: Plan, number: int) -> BatchResult:
    """Convert a batch, upload its parts, and write its result.

    The parts of each try have keys of their own: what a change of the table names is never written
    again. A file that is refused is in the result with its reason.
    """
    places = lake.places.run(plan.run_id)
    batch = lake.store.require(places.batch(plan.attempt, number), Batch)
    handed = converted_by_engine(lake, plan, batch)
    with TemporaryDirectory(prefix="lake-") as temporary:
        folder = Path(temporary)
        converter = BatchConverter(
            lake.data_set,
            folder,
            run_id=plan.run_id,
            field_ids=plan.field_ids,
            rejects_field_ids=plan.quarantine_field_ids,
        )
        with converter:
            results = tuple(
                _convert(converter, each, stream)
                for each, stream in _opened(lake.store, handed.left)
            )
        run = f"{places.staged}{handed.conversion}/"
        parts = upload(lake, lake.rows, run, folder, converter.parts)
        rejects = upload(lake, lake.quarantine, run, folder, converter.rejects)
    result = BatchResult(
        conversion=handed.conversion,
        results=handed.results + results,
        parts=handed.parts + parts,
        rejects=handed.rejects + rejects,
    )
    lake.store.write(places.result(plan.attempt, number), result)
    return result


def _convert(converter: BatchConverter, each: FileRange, stream: Any) -> RangeResult:
    file, started = each.file, time.monotonic()
    source = _source(each)
    try:
        with closing(stream):
            conversion = converter.add(stream, source)
    except FileRefused as refused:
        log.error("refused %s: %s", file.key, refused)
        return RangeResult(range=each, reason=refused.reason, counts=refused.counts)
    log.info("%s: %s", file.key, conversion.counts)
    return RangeResult.converted(each, conversion, seconds=time.monotonic() - started)


def _source(each: FileRange) -> SourceFile:
    return SourceFile(
        key=each.file.key,
        version_id=each.file.version_id,
        size_bytes=each.file.size_bytes,
        start=each.start,
        end=each.end,
    )


def _opened(store: Store, ranges: Sequence[FileRange]) -> Iterator[tuple[FileRange, Any]]:
    """Each range with its bytes, in order; small objects are there before their turn."""
    waiting: deque[tuple[FileRange, Future[bytes] | None]] = deque()

    def first() -> tuple[FileRange, Any]:
        each, fetched = waiting.popleft()
        if fetched is not None:
            return each, io.BytesIO(fetched.result())
        return each, store.open_landed(each.file, first_byte=_source(each).first_byte_read)

    with ThreadPoolExecutor(AHEAD) as pool:
        for each in ranges:
            small = each.is_whole and each.size_bytes <= SMALL_BYTES
            waiting.append(
                (each, pool.submit(store.head, each.file, each.size_bytes) if small else None)
            )
            if len(waiting) > AHEAD:
                yield first()
        while waiting:
            yield first()
