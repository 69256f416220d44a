"""A data set file is found, read and, where it is wrong, explained."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from lake.dataset import DataSetError, find_data_sets, load_data_set

REPOSITORY = Path(__file__).resolve().parents[4]
DATA_SETS = REPOSITORY / "dags" / "datasets"

MINIMAL = """\
description: What was sold.
owner: shop
schedule: null
layout: {format: fixed_width, record_length: 12}
columns:
  - {name: city, type: string, position: 1, width: 8, description: Where}
  - {name: sold, type: int, position: 9, width: 4, description: How many}
"""


def write(root: Path, text: str, place: str = "shop/sales.yaml") -> Path:
    path = root / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def error_of(root: Path, text: str) -> str:
    """The message for a file, without the path that it starts with."""
    path = write(root, text)
    with pytest.raises(DataSetError) as error:
        load_data_set(path)
    return str(error.value).removeprefix(f"{path}: ")


def test_a_files_place_is_the_data_sets_identity(tmp_path: Path) -> None:
    """Table, DAG and default prefix follow from it."""
    dataset = load_data_set(write(tmp_path, MINIMAL))
    assert (dataset.table_name, dataset.dag_id) == ("shop_sales", "shop_sales")
    assert dataset.source_prefix == "shop/sales/"


def test_every_data_set_of_the_product_loads() -> None:
    """And quotes are among them."""
    tables = [load_data_set(path).table_name for path in find_data_sets(DATA_SETS)]
    assert "market_quotes" in tables


def test_the_message_names_the_file(tmp_path: Path) -> None:
    """Whoever reads it in Airflow's list of import errors must know where to look."""
    path = write(tmp_path, "owner: 1")
    with pytest.raises(DataSetError, match="^" + str(path)):
        load_data_set(path)


def test_every_problem_is_named_at_once(tmp_path: Path) -> None:
    """Not one a deployment."""
    text = MINIMAL.replace("owner: shop", "ownr: shop").replace("width: 8", "width: wide")
    assert error_of(tmp_path, text).splitlines() == [
        "",
        "  owner: missing; expected for example `owner: market-data`",
        "  columns[0] (city).width: Input should be a valid integer, not wide; "
        "expected for example `width: 12`",
        "  ownr: unknown key; did you mean `owner`? The keys here are description, owner, "
        "schedule, source, layout, columns, keys, partitions, max_bad_ratio, target, engine, "
        "originals, maintenance, run, checks, groups",
    ]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("schedule: null", "schedule: [", "line 5, column 1: did not find"),
        ("owner: shop", "owner: shop\nowner: me", "line 3, column 1: the key `owner` is given"),
        ("owner: shop", "owner: shop\ntable: x", "table: unknown key; the file's place says it"),
        ("width: 4,", "width: 4, width: 4,", "line 7, column 52: the key `width` is given twice"),
        ("format: fixed_width", "format: csv", "layout.format: should be one of fixed_width, "),
        ("record_length: 12", "record_length: '12'", "layout.record_length: Input should be a"),
        ("owner: shop", "owner: shop\nmax_bad_ratio: 1.5", "max_bad_ratio: Input should be less"),
        ("name: sold", "name: Sold", "columns[1] (Sold).name: String should match pattern"),
        ("type: int", "type: number", "columns[1] (sold).type: should be string, int, bigint,"),
        ("type: int", "type: 'decimal(19,2)'", "columns[1] (sold).type: a decimal's precision is"),
        (
            "owner: shop",
            "owner: shop\nrun: {wait: 3}",
            "run.wait: unknown key; the keys",
        ),
    ],
)
def test_what_is_wrong_is_named_by_its_key(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    """Or by its line, where it is not YAML."""
    assert old in MINIMAL
    assert error_of(tmp_path, MINIMAL.replace(old, new)).startswith(message)


@pytest.mark.parametrize("text", ["", "- a\n- b\n", "just text", "3: 4"])
def test_a_file_that_is_no_mapping_of_keys_is_refused(tmp_path: Path, text: str) -> None:
    """With an example of one."""
    message = "should be a mapping of keys to values; expected for example `owner: market-data`"
    assert error_of(tmp_path, text) == message


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    """A file of another kind, under the wrong name."""
    path = write(tmp_path, "")
    path.write_bytes(b"PAR1\x00\xff\xfe")
    with pytest.raises(DataSetError, match="not YAML"):
        load_data_set(path)


@pytest.mark.parametrize(
    "place",
    ["Shop/sales.yaml", "shop/Sales.yaml", "shop/2sales.yaml", "shop/sales.yml", "a b/c.yaml"],
)
def test_a_misplaced_file_is_found_and_refused(tmp_path: Path, place: str) -> None:
    """Rather than being passed over in silence."""
    path = write(tmp_path, MINIMAL, place)
    assert find_data_sets(tmp_path) == [path]
    with pytest.raises(DataSetError, match="should be at `<domain>/<table>"):
        load_data_set(path)


def test_data_sets_are_found_in_order(tmp_path: Path) -> None:
    """In every domain; other files are none."""
    for place in ("shop/sales.yaml", "bank/loans.yaml", "shop/README.md"):
        write(tmp_path, MINIMAL, place)
    found = [str(path.relative_to(tmp_path)) for path in find_data_sets(tmp_path)]
    assert found == ["bank/loans.yaml", "shop/sales.yaml"]


def test_merged_keys_are_not_keys_given_twice(tmp_path: Path) -> None:
    """YAML's `<<` is there to be overridden."""
    text = MINIMAL.replace("- {name: city", "- &first {name: city").replace(
        "- {name: sold, type: int,", "- {<<: *first, name: sold, type: int,"
    )
    assert load_data_set(write(tmp_path, text)).columns[1].name == "sold"


def test_the_package_is_light_enough_for_parsing_dags() -> None:
    """It imports nothing that takes a second."""
    script = "import sys, lake.dataset; print(*sys.modules)"
    modules = subprocess.run(
        [sys.executable, "-c", script],
        check=True, capture_output=True, text=True, cwd=REPOSITORY / "dags",
    ).stdout.split()  # fmt: skip
    assert not {"numpy", "pandas", "pyarrow", "airflow", "boto3"} & set(modules)
