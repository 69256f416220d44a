"""Converts files on EMR Serverless: `spark_job.py URI ATTEMPT`, with the URI of a job document.

Stands alone, on the Python of EMR 7 (3.9), which has Spark and nothing of the lake's: what a format
means is in the document, as expressions of Spark's SQL (`lake.engines.spark` writes it).

A record comes as `line`, with a character for each byte, and its `line_number`. A file is read a
few times: to find where each split begins, for the rows, for the rejects, and where there are any
once more for their byte offsets. No data comes to the driver, only sums of splits.
"""

from __future__ import annotations

import json
import re
import sys
from typing import Any, NamedTuple

from pyspark.sql import (  # type: ignore[import-not-found]  # in Spark's environments alone
    Column,
    DataFrame,
    Observation,
    SparkSession,
    Window,
)
from pyspark.sql import functions as F

SETTINGS = {
    # What cannot be cast is NULL.
    "spark.sql.ansi.enabled": "false",
    "spark.sql.session.timeZone": "UTC",
    # A file is split the same way each time, however many executors there are.
    "spark.sql.files.minPartitionNum": "1",
    "spark.sql.parquet.compression.codec": "zstd",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    # Days before 1582 as they are written, in the calendar of today.
    "spark.sql.parquet.datetimeRebaseModeInWrite": "CORRECTED",
}
FIELD_ID = "parquet.field.id"
"""What Spark takes a Parquet field id from, in a column's metadata."""
END_OF_FILE_MARK = "\x1a"


class Whole(NamedTuple):
    """A file as a whole."""

    lines: int
    first_line: str | None
    opens: bool
    """The first line is what a file has to begin with."""
    mark_line: int | None
    """The line that is the end-of-file mark of DOS."""
    trailer: dict[str, Any] | None
    """The first line that closes a file, and its number."""


def main(uri: str, attempt: str) -> None:
    """Convert the files of a job document."""
    spark = session()
    document = json.loads(spark.read.text(_literal(uri), wholetext=True).first()["value"])
    convert(spark, document, attempt)
    spark.stop()


def session(**settings: str) -> SparkSession:
    """Spark as the conversion needs it; `settings` are added."""
    builder = SparkSession.builder.appName("lake")
    for name, value in {**SETTINGS, **settings}.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


def convert(spark: SparkSession, document: dict[str, Any], attempt: str) -> None:
    """Convert the files of a job document and write down what became of each.

    What an attempt writes is in folders of its own; the result says which attempt was the last.
    """
    spark.conf.set("spark.sql.files.maxPartitionBytes", document["split_bytes"])
    files = [_Conversion(spark, document, file, attempt).run() for file in document["files"]]
    text = json.dumps({"attempt": attempt, "files": files})
    result = spark.range(1).select(F.lit(text).alias("value"))
    result.write.mode("overwrite").text(document["scratch"] + "result")


class _Conversion:
    """One file."""

    def __init__(
        self, spark: SparkSession, document: dict[str, Any], file: dict[str, Any], attempt: str
    ) -> None:
        self._spark = spark
        self._document = document
        self._file = file
        self._rows = file["rows"] + attempt
        self._rejects = file["rejects"] + attempt
        self._rules = document["rules"][file["rules"]]
        self._lines = _lines(spark, file["uri"])
        for column in self._rules["derived"]:
            self._lines = self._lines.withColumn(column["name"], F.expr(column["sql"]))

    def run(self) -> dict[str, Any]:
        """Write its rows and its rejects; return what they were."""
        splits = self._splits()
        whole = self._whole(splits)
        result = {"lines": whole.lines}
        if unread := sum(split["unread"] for split in splits):
            return {**result, "unread": unread}
        if not whole.lines or (self._rules["opening"] and not whole.opens):
            return {**result, "first_line": whole.first_line}
        judged = self._judged(splits, whole)
        written = self._write_rows(judged, whole)
        return {**result, **written, "reasons": self._write_rejects(judged, splits)}

    def _splits(self) -> list[dict[str, Any]]:
        """Where each split begins: lines and bytes before it, and what it begins and ends with."""
        opening = F.expr(self._rules["opening"] or "true")
        closing = F.expr(self._rules["closing"] or "false")
        unread = F.expr(self._rules["unread"] or "false")
        closing_id = F.when(closing, F.col("id"))
        found = self._lines.groupBy("split").agg(
            F.count(F.lit(1)).alias("lines"),
            F.sum("bytes").alias("bytes"),
            F.min("id").alias("first_id"),
            F.min_by("line", "id").alias("first_line"),
            F.min_by(opening, "id").alias("opens"),
            F.max_by("line", "id").alias("last_line"),
            F.count(F.when(unread, 1)).alias("unread"),
            F.min(closing_id).alias("trailer_id"),
            F.min_by("line", closing_id).alias("trailer"),
        )
        splits: list[dict[str, Any]] = []
        lines_before, bytes_before = 0, 0
        for row in found.orderBy("split").collect():
            placed = {"lines_before": lines_before, "bytes_before": bytes_before}
            splits.append({**row.asDict(), **placed})
            lines_before += row["lines"]
            bytes_before += row["bytes"]
        return splits

    def _whole(self, splits: list[dict[str, Any]]) -> Whole:
        """The file by its splits; every byte was read."""
        lines = sum(split["lines"] for split in splits)
        size, read = self._file["size_bytes"], sum(split["bytes"] for split in splits)
        if read not in (size, size + 1):  # a last line without its end
            raise RuntimeError(f"{read} bytes were read of {size} of {self._file['uri']}")
        mark_line = None
        if read == size + 1 and set(splits[-1]["last_line"]) == {END_OF_FILE_MARK}:
            mark_line = lines
        closed = next((split for split in splits if split["trailer_id"] is not None), None)
        return Whole(
            lines=lines,
            first_line=splits[0]["first_line"] if splits else None,
            opens=bool(splits and splits[0]["opens"]),
            mark_line=mark_line,
            trailer=closed
            and {
                "line_number": _line_number(closed, closed["trailer_id"]),
                "record": closed["trailer"],
            },
        )

    def _judged(self, splits: list[dict[str, Any]], whole: Whole) -> DataFrame:
        """Each line with its number and its verdict."""
        places = self._table(splits, "split", "first_id", "lines_before")
        number = F.col("id") - F.col("first_id") + F.col("lines_before") + 1
        return (
            self._lines.join(F.broadcast(places), "split")
            .withColumn("line_number", number)
            .withColumn("mark_line", F.lit(whole.mark_line).cast("bigint"))
            .withColumn("verdict", F.expr(self._rules["verdict"]))
        )

    def _table(self, splits: list[dict[str, Any]], *names: str) -> DataFrame:
        """Some numbers of each split, as a table; without a Python worker."""
        rows = ", ".join(f"({', '.join(str(split[name]) for name in names)})" for split in splits)
        table = self._spark.sql(f"SELECT * FROM VALUES {rows} AS splits({', '.join(names)})")  # noqa: S608  # of numbers
        return table.select(*(F.col(name).cast("bigint") for name in names))

    def _write_rows(self, judged: DataFrame, whole: Whole) -> dict[str, Any]:
        """Write the rows; return what was seen of all lines meanwhile."""
        folders = self._rules["folders"]
        columns = [self._column(column) for column in self._rules["columns"]]
        columns.append(self._constant("source_key", self._file["source_key"]))
        columns += [F.expr(folder["sql"]).alias(folder["name"]) for folder in folders]
        seen = Observation()
        observed = judged.observe(seen, *self._observed(whole))
        rows = observed.where("verdict IS NULL").select(*columns)
        names = [folder["name"] for folder in folders]
        rows.write.mode("overwrite").partitionBy(*names).parquet(self._rows)
        found = seen.get
        measures = [found[f"measure_{n}"] for n in range(len(self._rules["measures"]))]
        return {
            "rows": found["rows"],
            "control": found["control"],
            "trailer": whole.trailer and {**whole.trailer, "after": found["after"]},
            "measures": [str(measure or 0) for measure in measures],
        }

    def _observed(self, whole: Whole) -> list[Column]:
        behind = F.col("line_number") > (whole.trailer["line_number"] if whole.trailer else 0)
        holds = (F.col("line") != "") & ~F.coalesce(F.expr("line_number = mark_line"), F.lit(False))
        return [
            F.count(F.when(F.expr("verdict IS NULL"), 1)).alias("rows"),
            F.count(F.when(F.expr(self._rules["control"]), 1)).alias("control"),
            F.count(F.when(behind & holds, 1)).alias("after"),
            *(
                F.expr(measure["sql"]).alias(f"measure_{number}")
                for number, measure in enumerate(self._rules["measures"])
            ),
        ]

    def _write_rejects(self, judged: DataFrame, splits: list[dict[str, Any]]) -> dict[str, int]:
        """How many there are for each reason."""
        unplaced = self._document["scratch"] + "unplaced"
        bad = judged.where(f"verdict IS NOT NULL AND NOT {self._rules['control']}")
        derived = [column["name"] for column in self._rules["derived"]]
        bad.drop("bytes", *derived).write.mode("overwrite").parquet(unplaced)
        rejects = self._spark.read.parquet(unplaced)
        counted = rejects.groupBy(_reason().alias("reason")).count().collect()
        reasons = {row["reason"]: row["count"] for row in counted}
        if reasons:
            placed = rejects.join(self._offsets(rejects, splits), "id")
            table = placed.select(*self._quarantine())
            table.write.mode("overwrite").parquet(self._rejects)
        return reasons

    def _offsets(self, rejects: DataFrame, splits: list[dict[str, Any]]) -> DataFrame:
        """The byte offset of each line of the splits that have a reject."""
        before = self._table(splits, "split", "bytes_before")
        touched = before.join(rejects.select("split").distinct(), "split")
        earlier = (
            Window.partitionBy("split").orderBy("id").rowsBetween(Window.unboundedPreceding, -1)
        )
        within = F.coalesce(F.sum("bytes").over(earlier), F.lit(0))
        narrow = self._lines.select("split", "id", "bytes").join(F.broadcast(touched), "split")
        return narrow.select("id", (F.col("bytes_before") + within).alias("byte_offset"))

    def _quarantine(self) -> list[Column]:
        column_name = F.expr("nullif(substring_index(verdict, ':', -1), verdict)")
        values = {
            "source_key": F.lit(self._file["source_key"]),
            "source_version": F.lit(self._file["source_version"]),
            "member": F.lit(None).cast("string"),
            "line_number": F.col("line_number"),
            "byte_offset": F.col("byte_offset"),
            "length_bytes": F.length("line").cast("bigint"),
            "reason": _reason(),
            "column_name": column_name,
            "raw": F.expr(self._rules["raw"]),
            "raw_bytes": F.expr(self._rules["raw_bytes"]),
            "run_id": F.lit(self._document["run_id"]),
        }
        ids = self._document["rejects_field_ids"]
        return [_named(value, name, ids.get(name)) for name, value in values.items()]

    def _column(self, column: dict[str, Any]) -> Column:
        value = F.expr(column["sql"])
        return _named(value, column["name"], self._document["field_ids"].get(column["name"]))

    def _constant(self, name: str, text: str) -> Column:
        return _named(F.lit(text), name, self._document["field_ids"].get(name))


def _lines(spark: SparkSession, uri: str) -> DataFrame:
    """The lines of a file.

    `split`: where the split begins that Spark read it in; `id`: grows from line to line in a split;
    `line`: without its line end, LF or CRLF; `bytes`: with the LF.
    """
    text = F.decode(F.col("value").cast("binary"), "ISO-8859-1")
    without_cr = F.col("text").substr(F.lit(1), F.length("text") - 1)
    return (
        spark.read.text(_literal(uri), lineSep="\n")
        .select("value", F.col("_metadata.file_block_start").alias("split"))
        .withColumn("id", F.monotonically_increasing_id())
        .withColumn("bytes", F.octet_length("value").cast("bigint") + 1)
        .withColumn("text", text)
        .withColumn(
            "line", F.when(F.endswith("text", F.lit("\r")), without_cr).otherwise(F.col("text"))
        )
        .drop("value", "text")
    )


def _literal(uri: str) -> str:
    """A path that Spark takes as it is, not as a pattern."""
    return re.sub(r"([\\{}\[\]*?])", r"\\\1", uri)


def _line_number(split: dict[str, Any], line_id: int) -> int:
    number: int = split["lines_before"] + line_id - split["first_id"] + 1
    return number


def _reason() -> Column:
    return F.substring_index("verdict", ":", 1)


def _named(value: Column, name: str, field_id: int | None) -> Column:
    if field_id is None:
        return value.alias(name)
    return value.alias(name, metadata={FIELD_ID: field_id})


if __name__ == "__main__":
    main(*sys.argv[1:])
