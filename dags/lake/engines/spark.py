"""Spark converts files on EMR Serverless: the job that is started.

write `job_document(...)` as JSON to S3
EmrServerlessStartJobOperator(**start_job_arguments(...), deferrable=True)
`spark_results.read_results(...)`
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lake.dataset import DataSet, DelimitedDataSet, FixedWidthDataSet
from lake.engines.documents import LandedObject, NotForThisEngine
from lake.engines.ends import FileEnds
from lake.engines.opening import read_opening
from lake.engines.sql.delimited import LinePlaces, delimited_rules
from lake.engines.sql.dialect import Spark
from lake.engines.sql.fixed_width import Places, fixed_width_rules
from lake.engines.sql.rules import Rules
from lake.engines.sql.statements import folder_names
from lake.tables.documents import Document

_SPARK = Spark()
SPLIT_BYTES = 128 << 20
"""What one task of Spark reads of a file."""
PLACES = Places(
    first="line_number = 1",
    end_mark="coalesce(line_number = mark_line, false)",
)
"""The job knows where a line stands."""


class JobFile(Document):
    """A file to convert."""

    uri: str
    rules: int
    """Its place in the document's."""
    size_bytes: int
    source_key: str
    source_version: str
    rows: str
    """Where they go, in a folder of each attempt; ends in a slash."""
    rejects: str
    """Likewise."""


class JobColumn(Document):
    """A column to write, and its value."""

    name: str
    sql: str


class JobMeasure(Document):
    """A sum over all lines of a file."""

    name: tuple[str, str]
    sql: str


class JobRules(Document):
    """What becomes of a line, in Spark's SQL."""

    derived: tuple[JobColumn, ...]
    """What the others refer to."""
    unread: str | None
    opening: str | None
    closing: str | None
    verdict: str
    control: str
    columns: tuple[JobColumn, ...]
    measures: tuple[JobMeasure, ...]
    folders: tuple[JobColumn, ...]
    """The values that partitions' folders are named by, outermost first."""
    raw: str
    raw_bytes: str


class JobDocument(Document):
    """What `spark_job.py` reads: the files of a data set, and what becomes of their lines."""

    files: tuple[JobFile, ...]
    scratch: str
    """Where the result goes, and what only the job itself reads; ends in a slash."""
    run_id: str
    split_bytes: int
    rules: tuple[JobRules, ...]
    """Each once; of delimited files there may be several, since their headers may differ."""
    field_ids: dict[str, int]
    rejects_field_ids: dict[str, int]


def job_document(
    data_set: DataSet,
    files: Sequence[tuple[LandedObject, Rules]],
    *,
    rows: str,
    rejects: str,
    scratch: str,
    run_id: str,
    field_ids: Mapping[str, int],
    rejects_field_ids: Mapping[str, int],
    split_bytes: int = SPLIT_BYTES,
) -> JobDocument:
    """The job that converts files of a data set.

    Args:
        data_set: what the files should hold.
        files: objects, each with its `spark_rules`.
        rows: `s3://…/`, where rows go: below it to a folder of each file and attempt.
        rejects: likewise.
        scratch: `s3://…/` for the result, and for what only the job itself reads.
        run_id: what rejects are marked with.
        field_ids: Iceberg's ids of the table's columns, by name; empty for none.
        rejects_field_ids: likewise of the quarantine's.
        split_bytes: what one task reads of a file.
    """
    distinct: dict[Rules, int] = {}
    for _, rules in files:
        distinct.setdefault(rules, len(distinct))
    return JobDocument(
        files=tuple(
            JobFile(
                uri=file.uri,
                rules=distinct[rules],
                size_bytes=file.size_bytes,
                source_key=file.source_key,
                source_version=file.version_id,
                rows=f"{rows}{number:05}/",
                rejects=f"{rejects}{number:05}/",
            )
            for number, (file, rules) in enumerate(files)
        ),
        scratch=scratch,
        run_id=run_id,
        split_bytes=split_bytes,
        rules=tuple(_job_rules(data_set, rules) for rules in distinct),
        field_ids=dict(field_ids),
        rejects_field_ids=dict(rejects_field_ids),
    )


def _job_rules(data_set: DataSet, rules: Rules) -> JobRules:
    names = folder_names(data_set.partitions, {value.name for value in rules.values})
    folders = zip(names, rules.partition(data_set.partitions), strict=True)
    return JobRules(
        derived=tuple(JobColumn(name=each.name, sql=each.sql) for each in rules.derived),
        unread=rules.unread,
        opening=rules.opening,
        closing=rules.closing,
        verdict=rules.verdict,
        control=rules.control,
        measures=tuple(JobMeasure(name=each.name, sql=each.sql) for each in rules.measures),
        columns=tuple(JobColumn(name=value.name, sql=value.sql) for value in rules.values),
        folders=tuple(JobColumn(name=name, sql=sql) for name, sql in folders),
        raw=rules.raw,
        raw_bytes=rules.raw_bytes,
    )


def spark_rules(data_set: DataSet, ends: FileEnds) -> Rules:
    """What becomes of the lines of a file with these ends.

    Raises:
        NotForThisEngine: Spark does not convert the format, or not this file.
    """
    match data_set:
        case FixedWidthDataSet():
            return fixed_width_rules(data_set, dialect=_SPARK, places=PLACES)
        case DelimitedDataSet():
            opening = read_opening(data_set, ends)
            lines = LinePlaces(
                skipped=f"line_number <= {len(opening.skipped)}",
                header=f"line_number = {opening.header_line}",
                end_mark=PLACES.end_mark,
            )
            return delimited_rules(data_set, opening.places, dialect=_SPARK, lines=lines)
    raise NotForThisEngine(f"Spark does not convert {data_set.layout.format}")
