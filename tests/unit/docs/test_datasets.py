"""docs/datasets.md is what the models say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from lake.dataset import DataSet, load_data_set
from lake.dataset.load import FORMATS

from infra.docs.datasets import PAGE, TEMPLATE, page

EXAMPLES = re.findall(
    r"^```yaml\n# (\S+)\n(.*?)^```", TEMPLATE.read_text(), re.MULTILINE | re.DOTALL
)


def test_the_page_in_the_repository_is_the_one_that_is_generated() -> None:
    assert PAGE.read_text() == page(), "run `make docs`"


@pytest.mark.parametrize(("place", "text"), EXAMPLES)
def test_every_example_is_a_data_set(place: str, text: str, tmp_path: Path) -> None:
    path = tmp_path / place
    path.parent.mkdir()
    path.write_text(text)
    assert isinstance(load_data_set(path), DataSet)


def test_there_is_an_example_of_each_format() -> None:
    formats = re.findall(r"^  format: (\w+)$", TEMPLATE.read_text(), re.MULTILINE)
    assert set(formats) == set(FORMATS)


def test_no_link_or_placeholder_is_left() -> None:
    assert "{{" not in page()
