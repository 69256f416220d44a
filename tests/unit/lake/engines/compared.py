"""One file converted by a worker and by an engine, as what can be compared."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from lake.convert import BatchConverter, Counts, FileRefused, SourceFile, reconcile
from lake.dataset import DataSet
from lake.engines import parts
from lake.engines.athena import AthenaEngine
from lake.engines.documents import EngineConversion, LandedObject, NotForThisEngine
from lake.engines.ends import read_ends
from lake.engines.spark import job_document, spark_rules
from lake.engines.spark_results import read_results
from lake.tables import Part, Warehouse

from infra.local.athena import Credentials, Engine

LANDING, CURATED, DATABASE = "landing", "curated", "lake"
RUN = "run-1"
REPOSITORY = Path(__file__).parents[4]
SPARK_PYTHON = REPOSITORY / ".lake" / "spark-venv" / "bin" / "python"
JOB = REPOSITORY / "dags" / "lake" / "engines" / "spark_job.py"
CALLER = Credentials("test", "test")

type Row = dict[str, Any]
NO_PLACE: Row = {"line_number": None, "byte_offset": None}
"""What Athena says of where a record stands."""


class AthenaFailed(RuntimeError):
    """The statement did not succeed."""


@dataclass
class LocalAthena:
    """The embedded Athena, one statement at a time."""

    engine: Engine

    def query(self, sql: str) -> list[dict[str, str | None]]:
        started = self._call(
            "StartQueryExecution",
            QueryString=sql,
            QueryExecutionContext={"Database": DATABASE},
            ResultConfiguration={"OutputLocation": "s3://results/out"},
        )
        query = started["QueryExecutionId"]
        while True:
            status = self._call("GetQueryExecution", QueryExecutionId=query)["QueryExecution"][
                "Status"
            ]
            if status["State"] not in ("QUEUED", "RUNNING"):
                break
            time.sleep(0.01)
        if status["State"] != "SUCCEEDED":
            raise AthenaFailed(f"{status['StateChangeReason']}: {sql[:2000]}")
        rows: list[list[str | None]] = []
        page: dict[str, Any] = {}
        while not rows or page.get("NextToken"):
            token = {"NextToken": page["NextToken"]} if page else {}
            page = self._call("GetQueryResults", QueryExecutionId=query, **token)
            found = page["ResultSet"]["Rows"]
            if not found:
                return []
            rows += [[cell.get("VarCharValue") for cell in row["Data"]] for row in found]
        names, *values = rows
        return [dict(zip(map(str, names), value, strict=True)) for value in values]

    def _call(self, operation: str, **request: Any) -> dict[str, Any]:
        status, answer = self.engine.handle(operation, request, CALLER)
        assert status == 200, answer
        return answer


@dataclass(frozen=True)
class LocalSpark:
    """Spark in a process of its own, over a folder."""

    process: subprocess.Popen[str]
    folder: Path

    @classmethod
    @contextmanager
    def start(cls, folder: Path) -> Iterator[LocalSpark]:
        if not SPARK_PYTHON.exists():
            raise FileNotFoundError(f"{SPARK_PYTHON}: `make test` installs it")
        errors = folder / "stderr"
        with errors.open("w") as stderr:
            process = subprocess.Popen(
                [SPARK_PYTHON, Path(__file__).with_name("local_spark.py"), JOB, folder],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
                env={"PATH": os.environ["PATH"], "SPARK_LOCAL_IP": "127.0.0.1"},
            )
            with process:
                yield cls(process, folder)
                assert process.stdin
                process.stdin.close()

    def run(self, document: str) -> None:
        """Run a job to its end."""
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(document + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if answer != "done\n":
            raise RuntimeError(json.loads(answer or '"Spark has ended"'))


@dataclass(frozen=True)
class Outcome:
    """What became of a file."""

    refused: str | None
    counts: Counts | None = None
    rows: tuple[Row, ...] = ()
    rejects: tuple[Row, ...] = ()
    schema: Mapping[str, str] = field(default_factory=dict)
    """Of the parts: types by column."""

    def without_places(self) -> Outcome:
        """As an engine that has no line numbers sees it."""
        rejects = _sorted([reject | NO_PLACE for reject in self.rejects])
        return Outcome(self.refused, self.counts, self.rows, rejects, self.schema)


def by_worker(data_set: DataSet, content: bytes, *, key: str, version_id: str) -> Outcome:
    """What a worker makes of a file, given as one range where files can be cut into ranges."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        end = len(content) if data_set.layout.splittable else 0
        source = SourceFile(
            key=key, version_id=version_id, size_bytes=len(content), end=end or None
        )
        try:
            with BatchConverter(data_set, folder, run_id=RUN) as converter:
                conversion = converter.add(io.BytesIO(content), source)
            reconcile(data_set, [conversion])
        except FileRefused as error:
            return Outcome(refused=str(error))
        rows = [(part.partition, pq.read_table(folder / part.path)) for part in converter.parts]
        rejects = [pq.read_table(folder / part.path) for part in converter.rejects]
        return _outcome(data_set, conversion.counts, rows, rejects)


@dataclass(frozen=True)
class Lake:
    """Buckets `landing` and `curated`, a database and its Athena."""

    warehouse: Warehouse
    athena: LocalAthena

    def land(self, content: bytes, key: str) -> LandedObject:
        """Upload a file."""
        s3 = self.warehouse.s3
        put = s3.put_object(Bucket=LANDING, Key=key, Body=content)
        return LandedObject(
            bucket=LANDING,
            key=key,
            version_id=put["VersionId"],
            etag=put["ETag"],
            size_bytes=len(content),
            source_key=key,
        )

    def by_athena(self, data_set: DataSet, file: LandedObject) -> Outcome:
        """What Athena makes of it."""
        engine = AthenaEngine(athena=self.athena, warehouse=self.warehouse)
        try:
            converted = engine.convert(
                data_set, file, rows="staged/rows/", rejects="staged/rejects/", run_id=RUN
            )
        except FileRefused as error:
            return Outcome(refused=str(error))
        return self.outcome(data_set, converted)

    def by_spark(
        self,
        data_set: DataSet,
        file: LandedObject,
        spark: LocalSpark,
        *,
        split_bytes: int = 128 << 20,
    ) -> Outcome:
        """What Spark makes of it; its files are on the disk meanwhile."""
        content = self.warehouse.s3.get_object(Bucket=file.bucket, Key=file.key)["Body"].read()
        path = spark.folder / "landing" / file.key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        document = job_document(
            data_set,
            [(file, spark_rules(data_set, read_ends(self.warehouse.s3, file)))],
            rows="s3://curated/staged/rows/",
            rejects="s3://curated/staged/rejects/",
            scratch="s3://curated/staged/",
            run_id=RUN,
            field_ids={},
            rejects_field_ids={},
            split_bytes=split_bytes,
        )
        text = document.model_dump_json().replace(file.uri, f"file://{path}")
        spark.run(text.replace("s3://curated/", f"file://{spark.folder}/"))
        parts.clear(self.warehouse, "staged/")
        staged = spark.folder / "staged"
        for written in staged.rglob("*"):
            if written.is_file() and not written.name.endswith(".crc"):
                key = str(written.relative_to(spark.folder))
                self.warehouse.s3.upload_file(str(written), CURATED, key)
        shutil.rmtree(staged)
        (result,) = read_results(data_set, [file], warehouse=self.warehouse, document=document)
        if isinstance(result, NotForThisEngine):
            raise result
        if isinstance(result, FileRefused):
            return Outcome(refused=str(result))
        return self.outcome(data_set, result)

    def outcome(self, data_set: DataSet, converted: EngineConversion) -> Outcome:
        """What an engine wrote."""
        try:
            reconcile(data_set, [converted.conversion])
        except FileRefused as error:
            return Outcome(refused=str(error))
        rows = [(part.partition, self._read(part)) for part in converted.parts]
        rejects = [self._read(part) for part in converted.rejects]
        return _outcome(data_set, converted.conversion.counts, rows, rejects)

    def _read(self, part: Part) -> pa.Table:
        body = self.warehouse.s3.get_object(Bucket=CURATED, Key=part.key)["Body"].read()
        table = pq.read_table(pa.BufferReader(body))
        assert (len(body), table.num_rows) == (part.size_bytes, part.rows)
        return table


def _outcome(
    data_set: DataSet,
    counts: Counts,
    parts: Sequence[tuple[Mapping[str, str], pa.Table]],
    rejects: list[pa.Table],
) -> Outcome:
    rows: list[Row] = []
    schema: dict[str, str] = {}
    for partition, table in parts:
        schema = {each.name: str(each.type) for each in _plain(table).schema}
        found = table.to_pylist()
        rows += found
        assert {n: str(row[n]) for row in found for n in data_set.partitions} == dict(partition)
    quarantined = [row for table in rejects for row in table.to_pylist()]
    return Outcome(None, counts, _sorted(rows), _sorted(quarantined), schema)


def _plain(table: pa.Table) -> pa.Table:
    """Without dictionaries, which are how a file is written, not what it holds."""
    fields: list[Any] = [
        pa.field(
            each.name, each.type.value_type if pa.types.is_dictionary(each.type) else each.type
        )
        for each in table.schema
    ]
    return table.cast(pa.schema(fields))


def _sorted(rows: list[Row]) -> tuple[Row, ...]:
    return tuple(sorted(rows, key=lambda row: repr(sorted(row.items()))))
