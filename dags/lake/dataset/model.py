"""The model of a data set file, `dags/datasets/<domain>/<table>.yaml`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime
from fnmatch import fnmatchcase
from typing import Annotated, Literal

from croniter import croniter  # type: ignore[import-untyped]  # it has no types
from pydantic import AfterValidator, Field, model_validator

from lake.dataset.check import Declared
from lake.dataset.checks import Checks
from lake.dataset.column import Column
from lake.dataset.declaration import Declaration, Name, repeated
from lake.dataset.errors import Problem, ProblemsFound
from lake.dataset.layout import Layout
from lake.dataset.lifecycle import Maintenance, Originals, Target

ON_ARRIVAL = "on_arrival"
"""The schedule of a data set whose DAG runs when a file lands."""
_CRON_FIELDS = 5
PARTITION_KINDS = ("string", "int", "bigint", "date")


def _is_cron(text: str) -> bool:
    fields = 1 if text.startswith("@") else _CRON_FIELDS
    return len(text.split()) == fields and croniter.is_valid(text)


def _schedule(text: str) -> str:
    if text != ON_ARRIVAL and not _is_cron(text):
        raise ValueError(
            f"should be {ON_ARRIVAL}, five cron fields, a preset such as @daily, or null for none"
        )
    return text


def _cron(text: str) -> str:
    if not _is_cron(text):
        raise ValueError("should be five cron fields, a preset such as @daily, or null for none")
    return text


def _prefix(text: str) -> str:
    folders = text.removesuffix("/").split("/")
    if not text.endswith("/") or not all(folder.strip(".") for folder in folders):
        raise ValueError("should be folders that each end in a slash, with none at the start")
    return text


Compression = Literal["auto", "none", "gzip", "bz2", "xz", "zstd", "zip"]


def _day_pattern(text: str) -> str:
    try:
        groups = re.compile(text).groups
    except re.error as error:
        raise ValueError(f"is no regular expression: {error}") from None
    if groups != 1:
        raise ValueError(f"should have one group, which is the day, and has {groups}")
    return text


def _day_format(text: str) -> str:
    if sorted(re.findall("YYYY|MM|DD", text)) != ["DD", "MM", "YYYY"]:
        raise ValueError("should be YYYY, MM and DD once each, in any order")
    return text


class FileDate(Declaration):
    """Where a key says which day its file is of."""

    pattern: Annotated[str, AfterValidator(_day_pattern)] = Field(examples=[r"_D(\d{8})\.TXT$"])
    """A regular expression that is searched for in the key; its group is the day."""
    format: Annotated[str, AfterValidator(_day_format)] = Field(examples=["DDMMYYYY"])
    """How the day is written."""

    def day_of(self, key: str) -> date | None:
        """The day that a key names, or None where it names none."""
        found = re.search(self.pattern, key)
        if found is None:
            return None
        style = self.format.replace("YYYY", "%Y").replace("MM", "%m").replace("DD", "%d")
        try:
            return datetime.strptime(found[1], style).date()
        except ValueError:
            return None


class Source(Declaration):
    """The objects of the landing bucket that belong to a data set."""

    prefix: Annotated[str, AfterValidator(_prefix)] | None = Field(
        default=None, max_length=512, examples=["market/quotes/"]
    )
    """Default: `<domain>/<table>/`."""
    pattern: str = Field(default="*", min_length=1, max_length=256, examples=["*.TXT"])
    """A shell pattern of the rest of the key; letter case counts."""
    compression: Compression = Field(default="auto", examples=["gzip"])
    """Of the files; `auto` tells it by their first bytes, whatever they are called. Each file of a
    zip is read as a file of its own; they are accepted or refused together."""
    file_date: FileDate | None = Field(
        default=None, examples=[{"pattern": r"_D(\d{8})\.TXT$", "format": "DDMMYYYY"}]
    )
    """Which day a file is of, for backfills; default: the day that it landed on, in UTC."""


Engine = Literal["worker", "athena", "spark", "auto"]


class RunControls(Declaration):
    """How the data set's DAG waits and how widely it maps."""

    sweep: Annotated[str, AfterValidator(_cron)] | None = Field(
        default="@hourly", examples=["@hourly"]
    )
    """With `schedule: on_arrival`: when the DAG runs besides, for a file that it was not told of;
    null: never."""
    wait_timeout_seconds: int = Field(default=240, ge=1, examples=[240])
    """How long a run by time waits for a file; after that it is skipped."""
    poke_interval_seconds: int = Field(default=10, ge=1, examples=[10])
    """How often it looks."""
    deadline_minutes: int | None = Field(default=None, ge=1, examples=[90])
    """People are told of a run that is not done so many minutes after its time; null: of none.
    Of a file that does not come only where the run still waits then (`wait_timeout_seconds`)."""
    max_mapped_tasks: int = Field(default=32, ge=1, le=1000, examples=[32])
    """A run maps no more conversions than this; each takes many small files, a large one, or a
    range of a larger one."""
    pool: str = Field(default="default_pool", min_length=1, examples=["conversions"])
    """The Airflow pool that conversions take a slot of."""
    hand_over_bytes: int = Field(default=50_000_000_000, ge=1, examples=[50_000_000_000])
    """With `engine: auto`, a larger file is converted by `hand_over_to`."""
    hand_over_to: Literal["athena", "spark"] = Field(default="athena", examples=["athena"])
    """Who converts such a file."""

    def problems(self) -> Iterator[Problem]:
        """What does not fit together in these."""
        if self.poke_interval_seconds > self.wait_timeout_seconds:
            message = f"is longer than the wait of {self.wait_timeout_seconds} seconds"
            yield Problem("run.poke_interval_seconds", message)


class DataSet(Declaration):
    """One table of the lake and the files that it is made of.

    `domain` and `table` come from the file's place, never from the file.
    """

    domain: Name
    table: Name
    description: str = Field(min_length=1, max_length=2048, examples=["Daily quotes of shares"])
    """Becomes the table's description in Glue, which holds 2,048 characters."""
    owner: str = Field(min_length=1, examples=["market-data"])
    """Who answers for the data; the DAG's owner in Airflow."""
    schedule: Annotated[str, AfterValidator(_schedule)] | None = Field(examples=[ON_ARRIVAL])
    """When the DAG runs: `on_arrival` of a file, within seconds, or by time, as cron has it; null:
    only when it is triggered."""
    source: Source = Source()
    layout: Layout
    """How a file holds its records; each format's own class."""
    columns: tuple[Column, ...]
    """The table's columns, in its order; each format's own class."""
    keys: tuple[str, ...] = Field(default=(), strict=False, examples=[["data", "codneg"]])
    """Columns that tell one row from every other; two NULLs count as equal."""
    partitions: tuple[str, ...] = Field(default=(), strict=False, examples=[["data"]])
    """Columns that the table is partitioned by, outermost first."""
    max_bad_ratio: float = Field(default=0.0, ge=0, le=1, examples=[0.01])
    """The share of bad records, of all but control records, above which a file is refused."""
    target: Target = Target()
    engine: Engine = Field(default="worker", examples=["auto"])
    """Who converts: a task on a `worker`, `athena`, `spark` (EMR Serverless), or `auto`: a worker
    up to `run.hand_over_bytes` a file, then `run.hand_over_to`."""
    originals: Originals = Originals()
    maintenance: Maintenance = Maintenance()
    run: RunControls = RunControls()
    checks: Checks = Checks()

    @property
    def table_name(self) -> str:
        """The table's name in the environment's Glue database."""
        return f"{self.domain}_{self.table}"

    @property
    def dag_id(self) -> str:
        """The id of the DAG that loads the table."""
        return self.table_name

    @property
    def loads_on_arrival(self) -> bool:
        """Whether the DAG runs when a file lands."""
        return self.schedule == ON_ARRIVAL

    @property
    def source_prefix(self) -> str:
        """The folder of the landing bucket where the files land; ends in a slash."""
        return self.source.prefix or f"{self.domain}/{self.table}/"

    @property
    def source_wildcard(self) -> str:
        """The shell pattern of the whole keys of the data set's objects."""
        return self.source_prefix + self.source.pattern

    def accepts(self, key: str) -> bool:
        """Whether the object of this key is a file of the data set; a folder's marker is not."""
        return not key.endswith("/") and fnmatchcase(key, self.source_wildcard)

    @property
    def partition_columns(self) -> tuple[Column, ...]:
        """The columns that are in the objects' paths, in the order of the path."""
        by_name = {column.name: column for column in self.columns}
        return tuple(by_name[name] for name in self.partitions)

    @property
    def day_column(self) -> str | None:
        """The date that the table is partitioned by, the outermost of several."""
        return next((each.name for each in self.partition_columns if each.kind == "date"), None)

    def layout_problems(self) -> Iterator[Problem]:
        """What does not fit together in the layout and its columns; each format says it."""
        raise NotImplementedError

    @model_validator(mode="after")
    def _fits_together(self) -> DataSet:
        problems = [
            *self._name_problems(),
            *self._column_problems(),
            *self.layout_problems(),
            *self.target.problems(self.keys, self.partitions, self._glue_types),
            *self.run.problems(),
            *self._check_problems(),
        ]
        if problems:
            raise ProblemsFound(problems)
        return self

    @property
    def _glue_types(self) -> dict[str, str]:
        return {column.name: column.glue_type for column in self.columns}

    def _column_problems(self) -> Iterator[Problem]:
        for index, column in enumerate(self.columns):
            yield from column.problems(f"columns[{index}] ({column.name})")

    def _check_problems(self) -> Iterator[Problem]:
        if not {*self.keys, *self.partitions} <= set(self._glue_types):
            return  # said already
        table = Declared(
            types=self._glue_types, keys=self.keys, day=self.day_column, has_files=True
        )
        yield from self.checks.problems(table)

    def _name_problems(self) -> Iterator[Problem]:
        names = [column.name for column in self.columns]
        for index in repeated(names):
            key = f"columns[{index}] ({names[index]}).name"
            yield Problem(key, f"columns[{names.index(names[index])}] has this name too")
        for key, chosen in (("keys", self.keys), ("partitions", self.partitions)):
            for index in repeated(chosen):
                yield Problem(f"{key}[{index}]", f"{chosen[index]!r} is listed twice")
            for index, name in enumerate(chosen):
                if name not in names:
                    message = f"{name!r} is not a column; the columns are {', '.join(names)}"
                    yield Problem(f"{key}[{index}]", message)
        yield from self._partition_problems()

    def _partition_problems(self) -> Iterator[Problem]:
        columns = {column.name: column for column in self.columns}
        for index, name in enumerate(self.partitions):
            column = columns.get(name)
            if column and column.kind not in PARTITION_KINDS:
                message = f"{name!r} is a {column.kind}; partition by a string, an int or a date"
                yield Problem(f"partitions[{index}]", message)
            if column and column.nullable:
                message = f"{name!r} is nullable; every row needs a partition"
                yield Problem(f"partitions[{index}]", message, "nullable: false")
        if set(self.partitions) >= set(columns):
            yield Problem("partitions", "every column is a partition; one at least must stay")
