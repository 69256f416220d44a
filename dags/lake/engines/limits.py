"""What Athena and Spark do not read: told when a data set is loaded, or when a file is at hand.

Imported while DAGs are parsed, so light.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from lake.dataset import DataSet, DelimitedDataSet, FixedWidthDataSet
from lake.dataset.encoding import UTF_16, codec_name
from lake.dataset.errors import Problem

SqlEngine = Literal["athena", "spark"]
Engine = Literal["worker", "athena", "spark"]
CUTTING_BYTE = "\x01"
"""At which Athena cuts a line, whatever the file's delimiter is."""


def engines_of(data_set: DataSet) -> tuple[SqlEngine, ...]:
    """The engines that may get a file of the data set, beside a worker."""
    match data_set.engine:
        case "athena" | "spark":
            return (data_set.engine,)
        case "auto":
            return (data_set.run.hand_over_to,)
        case _:
            return ()


class EngineMissing(RuntimeError):
    """The environment has no such engine."""


def require_engines(data_set: DataSet, *, spark_application_id: str | None) -> None:
    """Check that the environment has what the data set's files may be handed to.

    Raises:
        EngineMissing: it has not; the message says what to change.
    """
    if "spark" in engines_of(data_set) and spark_application_id is None:
        raise EngineMissing(
            f"datasets/{data_set.domain}/{data_set.table}.yaml hands files to spark, which this "
            "environment does not have: give its settings `spark` (infra/environments.py), or say "
            "`engine: worker` or `athena` in the data set file"
        )


def engine_for(data_set: DataSet, size_bytes: int) -> Engine:
    """Who converts a file of this size."""
    if data_set.engine != "auto":
        return data_set.engine
    hands_over = size_bytes > data_set.run.hand_over_bytes
    return data_set.run.hand_over_to if hands_over else "worker"


def engine_problems(data_set: DataSet) -> Iterator[Problem]:
    """What the data set asks of an engine that the engine cannot do."""
    for engine in engines_of(data_set):
        for key in unread_keys(data_set, engine):
            others = "worker" if engine == "spark" else "worker, or spark"
            if engine == "athena" and key in set(unread_keys(data_set, "spark")):
                others = "worker"
            message = f"{engine} does not read `{key}`: leave the files to a {others}"
            yield Problem("engine", message, "engine: worker")


def unread_keys(data_set: DataSet, engine: SqlEngine) -> Iterator[str]:
    """The keys in use that the engine does not read."""
    if data_set.source.compression not in ("auto", "none"):
        yield "source.compression"
    if codec_name(data_set.layout.encoding) in UTF_16:
        yield "layout.encoding"
    match data_set:
        case FixedWidthDataSet():
            yield from _unread_fixed_width(data_set)
        case DelimitedDataSet():
            yield from _unread_delimited(data_set, engine)
        case _:
            yield "layout.format"
            return
    if engine == "athena":
        # It writes them as INT96, in milliseconds.
        for index, column in enumerate(data_set.columns):
            if column.kind == "timestamp":
                yield f"columns[{index}] ({column.name})"


def _unread_delimited(data_set: DelimitedDataSet, engine: SqlEngine) -> Iterator[str]:
    if data_set.layout.trailer:
        yield "layout.trailer"
    if engine == "athena" and CUTTING_BYTE in data_set.layout.delimiter:
        yield "layout.delimiter"


def _unread_fixed_width(data_set: FixedWidthDataSet) -> Iterator[str]:
    if data_set.layout.line_end == "none":
        yield "layout.line_end"
    if data_set.layout.batch:
        yield "layout.batch"
    if data_set.rows_of_groups:
        yield "groups"
