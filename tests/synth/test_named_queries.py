"""The saved queries of the templates, and what ends the synthesis."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from lake.dataset import DataSetError

from infra.named_queries import read_named_queries
from infra.settings import EnvironmentSettings
from tests.synth.templates import REPOSITORY, Templates

DATA_SETS = REPOSITORY / "dags" / "datasets"
FIXED_WIDTH = (DATA_SETS / "market" / "quotes.yaml").read_text()


def test_each_is_saved_in_the_work_group_with_what_it_answers(
    templates: Templates, settings: EnvironmentSettings
) -> None:
    saved = templates.of_type("AWS::Athena::NamedQuery")
    assert len({query.properties["Name"] for query in saved}) == len(saved)
    assert {"files_refused", "market_quotes_quarantine_by_reason"} <= {
        query.properties["Name"] for query in saved
    }
    for query in saved:
        assert query.properties["Database"] == settings.database_name
        assert query.properties["WorkGroup"] == settings.prefix
        assert query.properties["Description"]
        assert query.properties["QueryString"].startswith(("SELECT", "WITH"))
        assert "<" + "table>" not in str(query.properties)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("SELECT 1 AS one", "should begin with its description"),
        ("/*  */ SELECT 1 AS one", "should begin with its description"),
        ("/* One. */ SELECT 1 AS one FROM (", "the SELECT: Expected table name"),
        ("/* One. */ DROP TABLE lake_runs", "should be one SELECT"),
        ("/* One. */ SELECT 1 AS one; SELECT 2 AS two", "should be one SELECT"),
        ("/* One. */ SELECT data_set FROM lake_filse", "did you mean lake_files?"),
        ("/* One. */ SELECT a FROM shop_sales", "reads shop_sales, which no data set and no model"),
        ("/* One. */ SELECT a FROM lake_runs WHERE a IN (:days)", "has :days"),
        (f"/* {'x' * 1025} */ SELECT 1 AS one", "description: 1025 characters, Athena takes 1024"),
    ],
)
def test_what_cannot_be_saved_is_refused_with_its_file(
    tmp_path: Path, text: str, message: str
) -> None:
    (tmp_path / "wrong.sql").write_text(text)
    with pytest.raises(DataSetError, match=rf"wrong\.sql: .*{re.escape(message)}"):
        read_named_queries(tmp_path, data_sets=DATA_SETS, models=())


def test_one_of_each_data_set_is_made_of_its_table_where_the_table_can_answer(
    tmp_path: Path,
) -> None:
    each = tmp_path / "queries" / "of_each_data_set"
    each.mkdir(parents=True)
    (each / "bad.sql").write_text('/* Of <table>. */ SELECT raw FROM "<table>_quarantine"')
    (each / "files.sql").write_text('/* Of <table>. */ SELECT file_path FROM "<table>$files"')
    market = tmp_path / "datasets" / "market"
    market.mkdir(parents=True)
    (market / "quotes.yaml").write_text(FIXED_WIDTH)
    (market / "plain.yaml").write_text(FIXED_WIDTH + "target: {format: parquet}\n")

    found = read_named_queries(tmp_path / "queries", data_sets=tmp_path / "datasets", models=())

    assert [query.name for query in found] == [
        "market_plain_bad", "market_quotes_bad", "market_quotes_files",
    ]  # fmt: skip
    assert found[1].description == "Of market_quotes."
    assert found[1].sql == 'SELECT raw FROM "market_quotes_quarantine"'
