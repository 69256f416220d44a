"""Which files Airflow parses, and which a change concerns."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.bundle import build_bundle
from infra.local.settings import REPOSITORY
from infra.sync.dag_sources import concerned, dag_sources
from infra.sync.mirror import Difference

SOURCES = dict.fromkeys(("market_quotes.py", "web_events.py", "music_models.py", "mine.py"), "")


def test_the_dag_files_of_the_bundle_are_those_of_its_data_sets_and_models(tmp_path: Path) -> None:
    dags = build_bundle(repository=REPOSITORY, destination=tmp_path / "bundle").dags

    tables = {f"{p.parent.name}_{p.stem}.py" for p in dags.glob("datasets/*/*.yaml")}
    domains = {f"{p.parent.name}_models.py" for p in dags.glob("models/*/*.sql")}
    assert tables
    assert dag_sources(dags).keys() == tables | domains


def test_files_that_airflow_leaves_out_are_left_out(tmp_path: Path) -> None:
    for name, text in {
        ".airflowignore": "/lake/\n*_old.py\n",
        "mine.py": "from airflow.sdk import dag",
        "sub/deep.py": "# Airflow, an Asset",
        "names.py": "a = 1",
        "lake/tasks.py": "from airflow.sdk import dag",
        "mine_old.py": "from airflow.sdk import dag",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)

    assert dag_sources(tmp_path).keys() == {"mine.py", "sub/deep.py"}


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ("datasets/market/quotes.yaml", {"market_quotes.py", "music_models.py"}),
        ("models/music/plays.sql", {"music_models.py"}),
        ("mine.py", {"mine.py"}),
        ("lake/tasks.py", set(SOURCES)),
        (".airflowignore", set(SOURCES)),
        ("names.txt", set(SOURCES)),
    ],
)
def test_a_change_concerns_what_reads_the_file(changed: str, expected: set[str]) -> None:
    assert concerned(Difference(changed=(changed,)), SOURCES) == expected


def test_a_deleted_dag_file_concerns_no_other() -> None:
    assert concerned(Difference(deleted=("gone.py",)), SOURCES) == set()
    gone = Difference(deleted=("datasets/a/b.yaml", "a_b.py"))
    assert concerned(gone, SOURCES) == {"music_models.py"}
