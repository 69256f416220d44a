"""The model of a data set file, `dags/datasets/<domain>/<table>.yaml`."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Annotated

from croniter import croniter  # type: ignore[import-untyped]  # it has no types
from pydantic import AfterValidator, Field, model_validator

from lake.dataset.column import Column
from lake.dataset.declaration import Declaration, Name, repeated
from lake.dataset.errors import Problem, ProblemsFound
from lake.dataset.layout import FixedWidthLayout

_CRON_FIELDS = 5
WIDEST_PARTITION = 50
"""Bytes of a column that folders are named by: each may take three, and a name has 255."""


def _cron(text: str) -> str:
    fields = 1 if text.startswith("@") else _CRON_FIELDS
    if len(text.split()) != fields or not croniter.is_valid(text):
        raise ValueError("should be five cron fields, a preset such as @daily, or null for none")
    return text


def _prefix(text: str) -> str:
    folders = text.removesuffix("/").split("/")
    if not text.endswith("/") or not all(folder.strip(".") for folder in folders):
        raise ValueError("should be folders that each end in a slash, with none at the start")
    return text


class Source(Declaration):
    """The objects of the landing bucket that belong to a data set."""

    prefix: Annotated[str, AfterValidator(_prefix)] | None = Field(
        default=None, max_length=512, examples=["market/quotes/"]
    )
    """Default: `<domain>/<table>/`."""
    pattern: str = Field(default="*", min_length=1, max_length=256, examples=["*.TXT"])
    """A shell pattern of the rest of the key; letter case counts."""


class RunControls(Declaration):
    """How the data set's DAG waits and how widely it maps."""

    wait_timeout_seconds: int = Field(default=240, ge=1, examples=[240])
    """How long a run waits for a file; after that it is skipped."""
    poke_interval_seconds: int = Field(default=10, ge=1, examples=[10])
    """How often it looks."""
    max_mapped_tasks: int = Field(default=32, ge=1, le=1000, examples=[32])
    """Up to this many files, each has a mapped task of its own; more are packed into this many."""

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
    schedule: Annotated[str, AfterValidator(_cron)] | None = Field(examples=["*/5 * * * *"])
    """When the DAG runs; null: only when it is triggered."""
    source: Source = Source()
    layout: FixedWidthLayout = Field(examples=[{"format": "fixed_width", "record_length": 245}])
    columns: tuple[Column, ...] = Field(min_length=1, strict=False)
    """The table's columns, in its order."""
    keys: tuple[str, ...] = Field(default=(), strict=False, examples=[["data", "codneg"]])
    """Columns that tell one row from every other; two NULLs count as equal."""
    partitions: tuple[str, ...] = Field(default=(), strict=False, examples=[["data"]])
    """Columns that the table is partitioned by, outermost first."""
    max_bad_ratio: float = Field(default=0.0, ge=0, le=1, examples=[0.01])
    """The share of bad records, of all but control records, above which a file is refused."""
    run: RunControls = RunControls()

    @property
    def table_name(self) -> str:
        """The table's name in the environment's Glue database."""
        return f"{self.domain}_{self.table}"

    @property
    def dag_id(self) -> str:
        """The id of the DAG that loads the table."""
        return self.table_name

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
    def file_columns(self) -> tuple[Column, ...]:
        """The columns that are in the Parquet files, in the table's order."""
        return tuple(column for column in self.columns if column.name not in self.partitions)

    @model_validator(mode="after")
    def _fits_together(self) -> DataSet:
        problems = [
            *self._name_problems(),
            *self.layout.problems(self.columns),
            *self.run.problems(),
        ]
        if problems:
            raise ProblemsFound(problems)
        return self

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
            if column and column.kind == "decimal":
                message = f"{name!r} is a decimal; partition by a string, an int or a date"
                yield Problem(f"partitions[{index}]", message)
            if column and column.width > WIDEST_PARTITION:
                message = f"{name!r} has {column.width} bytes; a folder's name has room for "
                yield Problem(f"partitions[{index}]", f"{message}{WIDEST_PARTITION}")
            if column and column.nullable:
                message = f"{name!r} is nullable; every row needs a partition"
                yield Problem(f"partitions[{index}]", message, "nullable: false")
        if set(self.partitions) >= set(columns):
            yield Problem("partitions", "every column is a partition; one at least must stay")
