"""`lake replay`: quarantined records out to be mended, and back into the table."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Annotated

from lake.dataset import DataSet
from lake.pipeline.places import Places
from lake.pipeline.quarantined import ReplayOrder, record_id
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from infra.cli.aws import client
from infra.cli.environment import DeployedEnvironment
from infra.cli.query import query
from infra.cli.runs import Runs
from infra.cli.steps import Failed, detail
from infra.local.settings import LocalSettings

COLUMNS = (
    "source_key", "source_version", "member", "line_number", "byte_offset", "reason",
    "column_name", "raw",
)  # fmt: skip


class MendedRecord(BaseModel):
    """A line of a mended file; what else `export` wrote may stand in it."""

    model_config = ConfigDict(extra="ignore")

    id: Annotated[str, Field(pattern=r"^[0-9a-f]{24}$")]
    raw: str


def export(
    path: Path,
    *,
    data_set: DataSet,
    source_key: str,
    environment: DeployedEnvironment,
    settings: LocalSettings,
) -> int:
    """Write the quarantined records as JSON lines, each with its id and its text; gives how many.

    Raises:
        Failed: Athena cannot read the quarantine.
    """
    where = (
        f" WHERE source_key = '{source_key.replace(chr(39), 2 * chr(39))}'" if source_key else ""
    )
    answer = query(
        f"SELECT {', '.join(COLUMNS)} FROM {data_set.table_name}_quarantine{where} "  # noqa: S608  # a data set's name; the key is quoted
        "ORDER BY source_key, line_number",
        environment=environment,
        settings=settings,
    )
    with path.open("w") as file:
        for values in answer.rows:
            row = dict(zip(COLUMNS, values, strict=True))
            said = {name: row[name] for name in ("source_key", "member", "line_number")}
            said |= {name: row[name] for name in ("reason", "column_name", "raw")}
            file.write(json.dumps({"id": record_id(row), **said}, ensure_ascii=False) + "\n")
    return len(answer.rows)


def read_mended(path: Path) -> dict[str, str]:
    """The text of each mended record by its id.

    Raises:
        Failed: names the line that is wrong, and what it should be.
    """
    mended: dict[str, str] = {}
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        if not line.strip():
            continue
        try:
            record = MendedRecord.model_validate_json(line)
        except ValidationError as error:
            raise Failed(
                f"{path}, line {number}: expected a line as --export writes it, such as "
                f'{{"id": "0123456789abcdef01234567", "raw": "..."}}; {error.errors()[0]["msg"]}'
            ) from None
        mended[record.id] = record.raw
    return mended


def replay(
    *,
    data_set: DataSet,
    source_key: str,
    mended: dict[str, str] | None,
    environment: DeployedEnvironment,
    settings: LocalSettings,
) -> tuple[Runs, str]:
    """Order a replay, and trigger the run that carries it out; gives the run."""
    order = ReplayOrder(source_key=source_key, mended=mended)
    key = f"{Places.of(data_set).replay_prefix}{uuid.uuid4().hex}.json"
    client("s3", settings).put_object(
        Bucket=environment.landing_bucket, Key=key, Body=order.model_dump_json().encode()
    )
    detail(f"ordered in s3://{environment.landing_bucket}/{key}")
    runs = Runs(environment=environment, settings=settings, dag_id=f"{data_set.dag_id}_backfill")
    return runs, runs.trigger({"replay_key": key})
