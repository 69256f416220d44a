"""Check: what Athena reads of the processed files is what was published."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator

from lake.dataset.column import SOURCE_KEY
from lake.pipeline.documents import LandedFile, Plan, Processed, Published
from lake.pipeline.lake import Lake
from lake.pipeline.results import Audit
from lake.pipeline.staged import partition_conditions

log = logging.getLogger(__name__)

FILES_A_CHUNK = 1000
"""How many files one task takes away."""


class CheckFailed(RuntimeError):
    """The table does not hold what the run published."""


def check(*, lake: Lake, plan: Plan) -> list[int]:
    """Compare the rows of each processed file as Athena counts them; list what can be taken away.

    Processed are the files that this run loaded or found unchanged, and those that an earlier run
    loaded and did not come to take away. Gives the numbers of the lists.

    Raises:
        CheckFailed: names the files of which the table has other rows than were published.
    """
    places = lake.places.run(plan.run_id)
    published = lake.store.require(places.published(plan.attempt), Published)
    done = [outcome.file for outcome in published.files if outcome.state != "refused"]
    files = [*done, *plan.loaded]
    _compare(lake, plan, {file.key for file in files})
    landed = [file for file in files if file.object_key == file.key]
    chunks = {
        number: landed[start : start + FILES_A_CHUNK]
        for number, start in enumerate(range(0, len(landed), FILES_A_CHUNK))
    }
    lake.store.write_many(
        {places.processed(plan.attempt, n): _processed(chunk) for n, chunk in chunks.items()}
    )
    return list(chunks)


def _processed(files: Collection[LandedFile]) -> Processed:
    return Processed(files=tuple(files))


def _compare(lake: Lake, plan: Plan, keys: Collection[str]) -> None:
    """Until no other run changes the table while it is read."""
    while keys:
        change = lake.log.applied()
        entries = lake.index.entries(keys)
        if lake.data_set.target.write != "append":
            # Rows of earlier files may have been replaced since by those of later ones.
            entries = {key: e for key, e in entries.items() if e.change == change}
        counted = dict(_counted(lake, plan, entries)) if entries else {}
        if lake.log.applied() != change:
            continue
        wrong = [
            f"{key}: {entry.rows} rows were published, Athena reads {counted.get(key, 0)}"
            for key, entry in sorted(entries.items())
            if counted.get(key, 0) != entry.rows
        ]
        if wrong:
            raise CheckFailed(f"{lake.data_set.table_name}: {'; '.join(wrong[:10])}")
        log.info("the rows of %d files are as published", len(entries))
        return


def _counted(lake: Lake, plan: Plan, keys: Collection[str]) -> Iterator[tuple[str, int]]:
    """Rows by source key, of these source keys and of what lies between them."""
    first, last = (key.replace("'", "''") for key in (min(keys), max(keys)))
    between = f"{SOURCE_KEY} BETWEEN '{first}' AND '{last}'"
    totals: dict[str, int] = {}
    for where in _conditions(lake, plan):
        rows = lake.athena.query(
            f"SELECT {SOURCE_KEY}, count(*) AS n FROM ("  # noqa: S608  # names of the data set file, held to [a-z0-9_]; the keys are quoted
            f'SELECT {SOURCE_KEY} FROM "{lake.data_set.table_name}"{where}'
            f") WHERE {between} GROUP BY 1"
        )
        for row in rows:
            key = str(row[SOURCE_KEY])
            totals[key] = totals.get(key, 0) + int(row["n"] or 0)
    yield from totals.items()


def _conditions(lake: Lake, plan: Plan) -> Iterator[str]:
    """The partitions that the run wrote; all of them where earlier runs wrote others."""
    audited = lake.store.read(lake.places.run(plan.run_id).audit(plan.attempt), Audit)
    if plan.loaded or audited is None or not audited.parts:
        yield ""
    else:
        yield from partition_conditions(lake, audited.parts)
