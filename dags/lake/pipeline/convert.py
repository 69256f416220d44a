"""Convert: the files of one batch become staged Parquet parts, each with a result document."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from lake.convert import Conversion, FileRefused, convert
from lake.dataset import DataSet
from lake.pipeline.documents import FileResult, LandedFile, Part
from lake.pipeline.places import Places, RunPlaces
from lake.pipeline.store import Store

log = logging.getLogger(__name__)


class FilesRefused(Exception):
    """Files that cannot be converted as they are: trying again does not help."""

    def __init__(self, refused: dict[str, str]) -> None:
        super().__init__("; ".join(f"{key}: {reason}" for key, reason in refused.items()))
        self.refused = refused


def convert_batch(
    *, data_set: DataSet, store: Store, batch: Sequence[LandedFile], run_id: str
) -> list[FileResult]:
    """Convert each file of a batch and write its result.

    Raises:
        FilesRefused: after every file was tried, where some were refused.
    """
    run = Places.of(data_set).run(run_id)
    results = [_convert_file(data_set=data_set, store=store, file=file, run=run) for file in batch]
    if refused := {r.file.key: r.reason for r in results if r.state == "refused"}:
        raise FilesRefused(refused)
    return results


def _convert_file(
    *, data_set: DataSet, store: Store, file: LandedFile, run: RunPlaces
) -> FileResult:
    with TemporaryDirectory(prefix="lake-") as temporary:
        folder = Path(temporary)
        try:
            with closing(store.open_landed(file)) as stream:
                conversion = convert(data_set, stream, folder=folder, size_bytes=file.size_bytes)
        except FileRefused as refusal:
            result = FileResult(file=file, state="refused", reason=str(refusal))
            log.error("refused %s: %s", file.key, refusal)
        else:
            result = _stage(store=store, file=file, run=run, conversion=conversion, folder=folder)
            log.info("%s: %d rows, %d rejected", file.key, result.rows, result.rejected)
    store.write(run.result(file), result)
    return result


def _stage(
    *, store: Store, file: LandedFile, run: RunPlaces, conversion: Conversion, folder: Path
) -> FileResult:
    parts = []
    for part in conversion.parts:
        store.upload(folder / part.path, run.staged(file, part.path))
        parts.append(Part(key=part.path, partition=dict(part.partition), rows=part.rows))
    rejects_key = None
    if conversion.rejects is not None:
        rejects_key = run.staged(file, conversion.rejects)
        store.upload(folder / conversion.rejects, rejects_key)
    return FileResult(
        file=file,
        state="converted",
        sha256=conversion.sha256,
        lines=conversion.counts.lines,
        rows=conversion.counts.rows,
        rejected=conversion.counts.rejected,
        parts=tuple(parts),
        rejects_key=rejects_key,
    )
