"""The models on Redshift: its tables, its loads, and the same star as the files say."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import boto3
import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from lake.dataset import Column, load_data_set
from lake.models.graph import Graph, Node
from lake.models.quality import check_model
from lake.models.staging import staged_table
from lake.models.statements import days_in_sql, replace
from lake.pipeline.athena import QueryFailed
from lake.tables.types import arrow_field, column_type
from lake.targets import TableDefinition, TableDiffers
from lake.targets.redshift import RedshiftTarget
from lake.targets.redshift_ddl import NotInRedshift
from lake.targets.redshift_sql import for_redshift

from infra.local.redshift.engine import Credentials, Database, RedshiftError, Session
from infra.local.settings import REPOSITORY
from tests.music_truth import STAGING, STAR, MusicTruth
from tests.unit.lake.models.data_api import EngineDataApi
from tests.unit.lake.models.music import as_text, days_of
from tests.unit.lake.models.test_kills import check, each_is_counted_once, killed_everywhere, make


@pytest.fixture
def session(tmp_path: Path, moto_endpoint: str) -> Iterator[Session]:
    httpx.post(f"{moto_endpoint}/moto-api/reset")
    database = Database(
        tmp_path / "redshift",
        name="lake",
        account_id="123456789012",
        region="us-east-1",
        endpoint=moto_endpoint,
    )
    yield database.connect("lake", copy_credentials=lambda _: Credentials("test", "test"))
    database.close()


@pytest.fixture
def redshift(session: Session) -> RedshiftTarget:
    client: Any = EngineDataApi(session)
    return RedshiftTarget(workgroup="lake-dev", database="lake", client=client)


ITEMS = TableDefinition(
    name="shop_items",
    folder="shop/items/",
    description="Items",
    columns=(
        Column(name="item", type="string", description="Item"),
        Column(name="price", type="decimal(9,2)", nullable=True, description="Price"),
        Column(name="sold_at", type="timestamp", nullable=True, description="When"),
    ),
    partitioning=("month(sold_at)",),
)


def test_a_table_is_made_once_and_has_the_declared_types(redshift: RedshiftTarget) -> None:
    assert redshift.columns("shop_items") is None
    for _ in range(2):
        redshift.ensure(ITEMS)
    declared = {column.name: column.type for column in ITEMS.columns}
    assert redshift.columns("shop_items") == declared


def test_columns_that_a_table_lacks_are_added(redshift: RedshiftTarget) -> None:
    redshift.ensure(ITEMS)
    redshift.execute("INSERT INTO shop_items VALUES ('a', 1.5, TIMESTAMP '2024-01-01 00:00:00')")
    more = (
        Column(name="count", type="bigint", nullable=True, description="Count"),
        Column(name="gone", type="boolean", nullable=True, description="Gone"),
    )
    redshift.ensure(dataclasses.replace(ITEMS, columns=(*ITEMS.columns, *more)))
    assert redshift.query('SELECT item, price, "count", gone FROM shop_items') == [
        {"item": "a", "price": "1.50", "count": None, "gone": None}
    ]


def test_a_column_of_another_type_is_refused_by_name(redshift: RedshiftTarget) -> None:
    redshift.ensure(ITEMS)
    other = (Column(name="item", type="bigint", description="Item"),)
    with pytest.raises(TableDiffers, match="shop_items has item as string, and not as bigint"):
        redshift.ensure(dataclasses.replace(ITEMS, columns=other))


def test_a_nested_column_is_refused_by_name(redshift: RedshiftTarget) -> None:
    events = load_data_set(REPOSITORY / "dags/datasets/web/events.yaml")
    with pytest.raises(NotInRedshift, match=r"web_events\.device is of the type struct"):
        redshift.ensure(staged_table(events))


def test_what_redshift_refuses_is_raised_with_its_reason(redshift: RedshiftTarget) -> None:
    with pytest.raises(QueryFailed, match='relation "nowhere" does not exist'):
        redshift.query("SELECT 1 AS a FROM nowhere")


class Star:
    """The staging tables with the truth's rows, and the star's models over them."""

    def __init__(
        self, redshift: RedshiftTarget, session: Session, endpoint: str, graph: Graph
    ) -> None:
        self.redshift, self.session, self.graph = redshift, session, graph
        aws = boto3.session.Session("test", "test", region_name="us-east-1")
        self.s3 = aws.client("s3", endpoint_url=endpoint)
        self.s3.create_bucket(Bucket="curated")
        for data_set in graph.data_sets.values():
            redshift.ensure(staged_table(data_set))
        for node in graph.of("music"):
            redshift.ensure(node.model.definition)

    def stage(self, truth: MusicTruth) -> None:
        """COPY what the files say, as Athena would have unloaded it."""
        for name in STAGING:
            table = staged_table(self.graph.data_sets[name])
            schema = pa.schema(
                [arrow_field(c.name, column_type(c.glue_type), {}) for c in table.columns]
            )
            rows = [{**row, "source_key": "k"} for row in truth.table(name).records()]
            buffer = io.BytesIO()
            pq.write_table(pa.Table.from_pylist(rows, schema=schema), buffer)
            self.s3.put_object(Bucket="curated", Key=f"{name}/part.parquet", Body=buffer.getvalue())
            self.session.run(
                f"COPY {name} FROM 's3://curated/{name}/' IAM_ROLE default FORMAT AS PARQUET"
            )

    def compute(self, days: Sequence[str]) -> None:
        for node in self.graph.of("music"):
            self.compute_one(node, days)

    def compute_one(self, node: Node, days: Sequence[str]) -> None:
        listed = days_in_sql(days) if node.model.by_day else None
        statements = replace(node.model, node.query, days=listed)
        self.session.run_batch([for_redshift(each) for each in statements])

    def is_as(self, truth: MusicTruth) -> bool:
        for name in STAR:
            table = truth.table(name)
            columns = ", ".join(f'"{column}"' for column in table.columns)
            found = self.redshift.query(f'SELECT {columns} FROM "{name}"')
            expected = [as_text(row, "redshift") for row in table.rows]
            assert sorted((tuple(row.values()) for row in found), key=str) == sorted(
                expected, key=str
            ), name
        return True


@pytest.fixture
def star(redshift: RedshiftTarget, session: Session, moto_endpoint: str, music: Graph) -> Star:
    return Star(redshift, session, moto_endpoint, music)


def test_days_in_any_order_and_again_give_the_star(star: Star, truth: MusicTruth) -> None:
    star.stage(truth)
    days = days_of(truth)
    for day in (*days[3:], *days[2::-1], days[0]):
        star.compute([day])
    assert star.is_as(truth)


def test_every_task_may_be_killed_at_every_statement(star: Star, truth: MusicTruth) -> None:
    """A load is one transaction, which Redshift ends without whoever sent it."""
    star.stage(truth)
    days = days_of(truth)[:1]
    for node in star.graph.of("music"):
        assert killed_everywhere(partial(make, node), star.redshift) == 1
        for _ in ("killed after it was sent", "again"):
            star.compute_one(node, days)
        assert killed_everywhere(partial(check, node, star.graph, days), star.redshift) >= 2
    star.compute(days_of(truth)[1:])
    assert star.is_as(truth)
    assert each_is_counted_once(star.redshift)


def test_two_rows_of_a_key_fail_the_load_by_name_and_change_nothing(
    star: Star, truth: MusicTruth
) -> None:
    star.stage(truth)
    days = days_of(truth)
    star.compute(days)
    # A second document of a song, which the key of the data set would have kept out.
    star.session.run("INSERT INTO music_song_metadata SELECT * FROM music_song_metadata LIMIT 1")
    with pytest.raises(RedshiftError, match="music_songs: two rows of one key: SO"):
        star.compute(days)
    assert star.is_as(truth)


def test_a_check_that_fails_says_a_query_that_redshift_takes(star: Star, truth: MusicTruth) -> None:
    star.stage(truth)
    days = days_of(truth)
    star.compute(days)
    star.session.run("UPDATE music_songplays SET song_id = 'gone' WHERE session_id % 2 = 0")
    model = star.graph.nodes["music_songplays"].model

    report = check_model(model, target=star.redshift, days=days, run_id="r")

    failed = [each for each in report.results if each.status == "fail"]
    assert {each.check for each in failed} == {"references(song_id)"}
    for each in failed:
        listed = star.session.run(each.query)
        assert len(list(listed.records())) == each.failing_rows
