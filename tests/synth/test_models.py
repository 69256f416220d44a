"""Models that are wrong end the synthesis, by file and reason."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from lake.dataset import DataSetError

from infra.models import read_models
from tests.synth.templates import REPOSITORY


@pytest.fixture
def dags(tmp_path: Path) -> Path:
    for folder in ("models", "datasets"):
        shutil.copytree(REPOSITORY / "dags" / folder, tmp_path / folder)
    return tmp_path


def change(dags: Path, old: str, new: str) -> None:
    path = dags / "models" / "music" / "songs.sql"
    before = path.read_text()
    assert old in before
    path.write_text(before.replace(old, new))


def test_the_models_of_the_product_run_on_both_targets(dags: Path) -> None:
    graph = read_models(dags, targets=("athena", "redshift"))
    assert graph.order.index("music_songs") < graph.order.index("music_songplays")


def test_a_model_of_an_unknown_table_is_refused_with_its_file_and_a_hint(dags: Path) -> None:
    change(dags, "FROM music_song_metadata", "FROM music_song_metadatas")
    with pytest.raises(DataSetError, match=r"songs\.sql: .*did you mean music_song_metadata\?"):
        read_models(dags, targets=("athena",))


def test_what_redshift_lacks_is_refused_where_models_run_on_it(dags: Path) -> None:
    change(
        dags, "FROM music_song_metadata", "FROM music_song_metadata WHERE cardinality(ARRAY[1]) = 1"
    )
    read_models(dags, targets=("athena",))
    with pytest.raises(DataSetError, match=r"songs\.sql: the SELECT: Redshift has no"):
        read_models(dags, targets=("athena", "redshift"))
