"""The saved queries: there with the deployment, and each of them answers once files were loaded."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import boto3
import pytest
from lake.dataset import find_data_sets, load_data_set
from lake.models.audit import audit
from lake.models.graph import Graph
from lake.models.quality import check_model
from lake.models.statements import days_in_sql, load
from lake.pipeline.athena import Row
from lake.pipeline.lake import Lake
from lake.quality.load import check_load
from lake.settings import LakeSettings
from lake.targets.athena import AthenaTarget

from infra.cli.environment import DeployedEnvironment
from infra.cli.queries import named_query, print_queries
from infra.cli.steps import Failed
from infra.local.settings import REPOSITORY, LocalSettings
from infra.samples import events, orders
from infra.samples.cotahist import write_quotes
from infra.samples.music import make_songs, write_logs, write_songs
from tests.embedded.cdk import Cdk
from tests.embedded.running import ACCOUNT_ID, REGION, RunningEmulator
from tests.unit.lake.pipeline.conftest import Pipeline

pytestmark = pytest.mark.embedded

DAGS = REPOSITORY / "dags"
DATA_SETS = {
    data_set.table_name: data_set
    for data_set in map(load_data_set, find_data_sets(DAGS / "datasets"))
}
QUERIES = {
    "bad_records_by_file", "checks_that_failed", "files_refused", "freshness_of_data_sets",
    "loads_of_the_last_days", "rows_by_model_step", "slowest_files", "songs_most_played_by_week",
    *(f"{table}_quarantine_by_reason" for table in DATA_SETS),
    *(f"{table}_files_by_partition" for table in DATA_SETS),
}  # fmt: skip
DAY, NEXT_DAY, MISSING = date(2024, 5, 6), date(2024, 5, 7), "2024-05-31"
RUN = "run-1"
MALFORMED = 3
NEVER_QUARANTINED = "music_song_metadata_quarantine_by_reason"
"""A file is one record there: a bad one is refused as a file, and `files_refused` has it."""
PLAYS = "SELECT count(*) AS n FROM music_songplays"


class Saved:
    """What Athena keeps in the work group, and what the queries answer."""

    def __init__(self, emulator: RunningEmulator, settings: LakeSettings) -> None:
        self.settings = settings
        self.athena = emulator.client("athena")
        ids = self.athena.list_named_queries(WorkGroup="lake-dev")["NamedQueryIds"]
        found = [self.athena.get_named_query(NamedQueryId=id)["NamedQuery"] for id in ids]
        self.queries = {query["Name"]: query for query in found}
        assert len(self.queries) == len(ids)

    def ask(self, name: str) -> list[Row]:
        query = self.queries[name]
        assert (query["Database"], query["WorkGroup"]) == ("lake_dev", "lake-dev")
        return AthenaTarget.of(self.settings).query(query["QueryString"])


@pytest.fixture(scope="module")
def settings(
    emulator: RunningEmulator, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LakeSettings]:
    """The environment's storage stack, deployed, with nothing loaded."""
    cdk = Cdk.in_a_copy(emulator, tmp_path_factory.mktemp("checkout"))
    cdk.run("deploy", "lake-dev-storage", "--require-approval=never", "--app=cdk.out")
    suffix = f"{ACCOUNT_ID}-{REGION}"
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {
            "AWS_ENDPOINT_URL": emulator.endpoint_url, "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": REGION,
        }.items():  # fmt: skip
            patch.setenv(name, value)
        patch.setattr(boto3, "DEFAULT_SESSION", None)  # it keeps the keys that it saw first
        yield LakeSettings(
            landing_bucket=f"lake-dev-landing-{suffix}",
            curated_bucket=f"lake-dev-curated-{suffix}",
            database="lake_dev",
            workgroup="lake-dev",
            arrival_queues="lake-dev-arrivals-",
            task_slots=2,
        )


@pytest.fixture(scope="module")
def before(emulator: RunningEmulator, settings: LakeSettings) -> Saved:
    """What is there before the first load."""
    assert emulator.client("glue").get_tables(DatabaseName=settings.database)["TableList"] == []
    return Saved(emulator, settings)


@pytest.fixture(scope="module")
def loaded(before: Saved, tmp_path_factory: pytest.TempPathFactory) -> Saved:
    """A day or two of each data set, with bad records and a refused file, and the star."""
    folder = tmp_path_factory.mktemp("files")
    for name in DATA_SETS:
        (folder / name).mkdir()
    write_quotes(
        folder / "market_quotes" / f"COTAHIST_D{DAY:%d%m%Y}.TXT",
        trading_day=DAY, rows=400, malformed=MALFORMED,
    )  # fmt: skip
    refused = folder / "market_quotes" / f"COTAHIST_D{NEXT_DAY:%d%m%Y}.TXT"
    refused.write_text("what is this?\n" * 50)
    orders.write_orders(
        folder / "retail_orders" / orders.file_name(DAY), day=DAY, rows=400, malformed=MALFORMED
    )
    events.write_events(
        folder / "web_events" / events.file_name(DAY), day=DAY, rows=400, malformed=MALFORMED
    )
    songs = make_songs(40)
    write_songs(folder / "music_song_metadata", songs)
    (folder / "music_song_metadata" / "nameless.json").write_text('{"title": "Whose?"}\n')
    *_, last = write_logs(
        folder / "music_event_logs", first_day=DAY, days=2, plays=300, users=20, songs=songs
    )
    _cut_the_last_line(last.path)
    for name, data_set in DATA_SETS.items():
        lake = Lake.of(data_set, before.settings)
        for path in sorted((folder / name).rglob("*.*")):
            key = data_set.source_prefix + path.relative_to(folder / name).as_posix()
            lake.store.s3.put_object(
                Bucket=before.settings.landing_bucket, Key=key, Body=path.read_bytes()
            )
        pipeline = Pipeline(lake)
        plan = pipeline.plan(RUN)
        pipeline.convert(plan)
        pipeline.finish(plan)
        check_load(lake=lake, plan=plan, target=AthenaTarget.of(before.settings))
    _compute_the_star(before.settings)
    return before


def _cut_the_last_line(path: Path) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-1]) + lines[-1][: len(lines[-1]) // 2])


def _compute_the_star(settings: LakeSettings) -> None:
    graph = Graph.load(models=DAGS / "models", data_sets=DAGS / "datasets", domain="music")
    target, days = AthenaTarget.of(settings), [str(DAY), str(NEXT_DAY)]
    for node in graph.of("music"):
        target.ensure(node.model.definition)
        given = days_in_sql(days) if node.model.by_day else None
        target.execute(load(node.model, node.query, days=given))
        audit(node, graph, target=target, days=days, dag_id="music_models", run_id=RUN)
        check_model(node.model, target=target, days=[MISSING], run_id=RUN)


def test_they_are_saved_before_there_is_a_table(before: Saved) -> None:
    assert set(before.queries) == QUERIES
    assert all(query["Description"] for query in before.queries.values())


@pytest.mark.parametrize("name", sorted(QUERIES))
def test_each_answers_with_rows_of_the_loaded_tables(loaded: Saved, name: str) -> None:
    assert bool(loaded.ask(name)) is (name != NEVER_QUARANTINED)


def test_what_they_answer_is_what_was_loaded(loaded: Saved) -> None:
    quotes = next(
        row for row in loaded.ask("loads_of_the_last_days") if row["data_set"] == "market/quotes"
    )
    assert [quotes[name] for name in ("runs", "files", "files_refused", "row_count")] == [
        "1", "1", "1", "400",
    ]  # fmt: skip
    assert quotes["quarantined"] == str(MALFORMED)
    reasons = {row["data_set"]: str(row["reason"]) for row in loaded.ask("files_refused")}
    assert set(reasons) == {"market/quotes", "music/song_metadata"}
    assert "no readable header" in reasons["market/quotes"]
    assert "missing required field `song_id`" in reasons["music/song_metadata"]
    assert {row["data_set"] for row in loaded.ask("freshness_of_data_sets")} == {
        f"{data_set.domain}/{data_set.table}" for data_set in DATA_SETS.values()
    }
    bad = loaded.ask("market_quotes_quarantine_by_reason")
    assert {row["reason"] for row in bad} == {"not_a_date", "not_a_number", "record_length"}
    [part] = loaded.ask("market_quotes_files_by_partition")
    assert (part["part"], part["files"], part["row_count"]) == (f"data={DAY}", "1", "400")
    assert [row["part"] for row in loaded.ask("music_song_metadata_files_by_partition")] == [
        "no partition"
    ]
    failed = loaded.ask("checks_that_failed")
    assert ("music_songplays", MISSING) in {(row["table_name"], row["day"]) for row in failed}
    plays = [
        row["row_count"]
        for row in loaded.ask("rows_by_model_step")
        if (row["step"], row["role"]) == ("music_songplays", "written")
    ]
    assert plays == [AthenaTarget.of(loaded.settings).query(PLAYS)[0]["n"]]


def test_the_command_lists_them_and_finds_one_by_its_name(
    emulator: RunningEmulator, before: Saved, capsys: pytest.CaptureFixture[str]
) -> None:
    where: dict[str, Any] = {
        "environment": DeployedEnvironment(
            name="lake-dev",
            webserver_url="",
            landing_bucket="",
            curated_bucket="",
            database="lake_dev",
            workgroup="lake-dev",
        ),
        "settings": LocalSettings(aws_port=emulator.port),
    }
    print_queries(**where)
    printed = capsys.readouterr().out
    assert all(name[:20] in printed for name in QUERIES)
    sql = before.queries["files_refused"]["QueryString"]
    assert named_query("files_refused", **where) == sql
    with pytest.raises(Failed, match=r"no query file_refused .* did you mean files_refused\?"):
        named_query("file_refused", **where)
