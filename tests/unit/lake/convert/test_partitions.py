"""Rows go to the folder of their partition, whatever their order and their number."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from lake.convert.arrow import array_of, arrow_schema
from lake.convert.partitions import PartitionedTable
from lake.dataset import DataSet, FixedWidthDataSet

KEY = "shop/sales/a.txt"


@pytest.fixture
def sales() -> DataSet:
    """A data set partitioned by a text and a number."""
    column = {"position": 1, "width": 4, "description": "A column."}
    return FixedWidthDataSet.model_validate(
        {
            "domain": "shop",
            "table": "sales",
            "description": "Sales.",
            "owner": "tests",
            "schedule": None,
            "layout": {"format": "fixed_width", "record_length": 12},
            "columns": [
                column | {"name": "city", "type": "string"},
                column | {"name": "year", "type": "int", "position": 5},
                column | {"name": "what", "type": "string", "position": 9},
            ],
            "partitions": ["city", "year"],
        }
    )


def batch(dataset: DataSet, rows: list[tuple[Any, ...]]) -> pa.RecordBatch:
    """Rows as a batch of the data set's schema."""
    schema = arrow_schema(dataset.columns)
    arrays = [
        pa.array(values, pa.string()).dictionary_encode()
        if pa.types.is_dictionary(kind)
        else pa.array(values, kind)
        for values, kind in zip(zip(*rows, strict=True), schema.types, strict=True)
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def test_each_partition_has_its_folder_and_keeps_its_order(sales: DataSet, tmp_path: Path) -> None:
    """Every column is in the file, those of the path too, and the source's key."""
    rows = [("Rio", 2021, "a"), ("Ely", 2020, "b"), ("Rio", 2020, "c"), ("Rio", 2021, "d")]
    table = PartitionedTable(sales, tmp_path)
    table.write(batch(sales, rows), KEY)
    table.close()
    assert [(part.path, dict(part.partition), part.rows) for part in table.parts] == [
        ("city=Ely/year=2020/part-00000.parquet", {"city": "Ely", "year": "2020"}, 1),
        ("city=Rio/year=2020/part-00000.parquet", {"city": "Rio", "year": "2020"}, 1),
        ("city=Rio/year=2021/part-00000.parquet", {"city": "Rio", "year": "2021"}, 2),
    ]
    last = pq.ParquetFile(tmp_path / table.parts[2].path).read()
    rio = {"city": "Rio", "year": 2021}
    assert last.to_pylist() == [
        rio | {"what": "a", "source_key": KEY},
        rio | {"what": "d", "source_key": KEY},
    ]


def test_values_that_are_no_file_names_are_escaped_as_hive_does(
    sales: DataSet, tmp_path: Path
) -> None:
    """The value itself stays what it is."""
    table = PartitionedTable(sales, tmp_path)
    table.write(batch(sales, [("a/b=%", 1, "x"), ("São", 1, "y")]), KEY)
    table.close()
    assert [(part.path, part.partition["city"]) for part in table.parts] == [
        ("city=São/year=1/part-00000.parquet", "São"),
        ("city=a%2Fb%3D%25/year=1/part-00000.parquet", "a/b=%"),
    ]
    assert all((tmp_path / part.path).is_file() for part in table.parts)


def test_files_are_closed_before_there_are_too_many(
    sales: DataSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A partition that comes back gets another file; no row is lost or changes its order."""
    monkeypatch.setattr("lake.convert.partitions.OPEN_ROW_GROUPS", 10)
    monkeypatch.setattr("lake.convert.partitions.MOST_PENDING_BYTES", 0)
    written: dict[int, list[str]] = defaultdict(list)
    table = PartitionedTable(sales, tmp_path)
    for number in range(4):
        rows = [("Rio", year, f"{number}") for year in range(25)]
        table.write(batch(sales, rows), KEY)
        assert sum(part.row_groups for part in table._open.values()) < 10
        for _, year, what in rows:
            written[year].append(what)
    table.close()
    assert table.rows == sum(part.rows for part in table.parts) == 100
    found: dict[int, list[str]] = defaultdict(list)
    for part in table.parts:
        rows_read = pq.ParquetFile(tmp_path / part.path).read().to_pylist()
        found[int(part.partition["year"])] += [row["what"] for row in rows_read]
    assert found == written


def test_a_partitions_file_holds_its_own_texts_only(sales: DataSet, tmp_path: Path) -> None:
    """Not the dictionary of the whole batch it came in."""
    rows = [("Rio", year, f"{year:04}") for year in range(500)]
    table = PartitionedTable(sales, tmp_path)
    table.write(batch(sales, rows), KEY)
    table.close()
    assert all(part.size_bytes < 1500 for part in table.parts)
    assert all((tmp_path / part.path).stat().st_size == part.size_bytes for part in table.parts)


def test_rows_of_many_sources_share_row_groups(sales: DataSet, tmp_path: Path) -> None:
    """However few each source has; the part says which keys it spans."""
    table = PartitionedTable(sales, tmp_path)
    keys = [f"shop/{number % 7}.txt" for number in range(300)]
    for number, key in enumerate(keys):
        table.write(batch(sales, [("Rio", 2021, f"{number}"), ("Rio", 2021, "x")]), key)
    table.close()
    (part,) = table.parts
    assert (part.first_source_key, part.last_source_key) == ("shop/0.txt", "shop/6.txt")
    file = pq.ParquetFile(tmp_path / part.path)
    assert file.num_row_groups == 1
    rows = file.read(["what", "source_key"]).to_pylist()
    assert [(row["what"], row["source_key"]) for row in rows[::2]] == [
        (f"{number}", key) for number, key in enumerate(keys)
    ]


def test_parquet_has_icebergs_field_ids(sales: DataSet, tmp_path: Path) -> None:
    """In its own schema, so that a reader of Iceberg finds columns by id."""
    ids = {"city": 1, "year": 5, "what": 3, "source_key": 9}
    table = PartitionedTable(sales, tmp_path, field_ids=ids)
    table.write(batch(sales, [("Rio", 2021, "a")]), KEY)
    table.close()
    schema = pq.ParquetFile(tmp_path / table.parts[0].path).schema_arrow
    found = {field.name: int((field.metadata or {})[b"PARQUET:field_id"]) for field in schema}
    assert found == ids


def test_a_table_without_partitions_is_one_file(sales: DataSet, tmp_path: Path) -> None:
    """At the top of the folder."""
    plain = sales.model_copy(update={"partitions": ()})
    table = PartitionedTable(plain, tmp_path)
    for _ in range(2):
        table.write(batch(plain, [("Rio", 2021, "a")]), KEY)
    table.close()
    assert [(part.path, part.rows) for part in table.parts] == [("part-00000.parquet", 2)]


def test_text_that_is_plain_in_some_rows_is_as_in_the_first(sales: DataSet, tmp_path: Path) -> None:
    """A file has one type for a column, whatever its batches had."""
    plain = sales.model_copy(update={"partitions": ()})
    rows = batch(plain, [("Rio", 2021, "a"), ("Ely", 2020, "b")])
    decoded: list[Any] = list(rows.columns)
    decoded = [
        each.dictionary_decode() if pa.types.is_dictionary(each.type) else each for each in decoded
    ]
    as_plain = pa.RecordBatch.from_arrays(decoded, names=rows.schema.names)
    for first, second in ((rows, as_plain), (as_plain, rows)):
        table = PartitionedTable(plain, tmp_path)
        table.write(first, KEY)
        table.write(second, KEY)
        table.close()
        found = pq.ParquetFile(tmp_path / table.parts[0].path).read()
        assert found["city"].to_pylist() == ["Rio", "Ely"] * 2


def test_text_that_repeats_has_a_dictionary_in_parquet(sales: DataSet, tmp_path: Path) -> None:
    """Text that does not, and numbers, have none: it would be built and dropped."""
    plain = sales.model_copy(update={"partitions": ()})
    rows = batch(plain, [("Rio", 2021, f"{number}") for number in range(1000)])
    differing: Any = rows.column("what")
    differing = differing.dictionary_decode()
    table = PartitionedTable(plain, tmp_path)
    table.write(rows.set_column(2, "what", differing), KEY)
    table.close()
    group = pq.ParquetFile(tmp_path / table.parts[0].path).metadata.row_group(0)
    columns = [group.column(index) for index in range(group.num_columns)]
    assert {each.path_in_schema: each.has_dictionary_page for each in columns} == {
        "city": True, "year": False, "what": False, "source_key": True
    }  # fmt: skip


def test_nested_text_has_a_dictionary_in_parquet(sales: DataSet, tmp_path: Path) -> None:
    """Nested numbers have none."""
    plain = sales.model_copy(update={"partitions": ()})
    kind = pa.struct([("sku", pa.string()), ("count", pa.int32())])
    basket = pa.array([[{"sku": "x", "count": 1}]], pa.list_(pa.field("element", kind)))
    table = PartitionedTable(plain, tmp_path)
    table.write(pa.RecordBatch.from_arrays([basket], names=["basket"]), KEY)
    table.close()
    group = pq.ParquetFile(tmp_path / table.parts[0].path).metadata.row_group(0)
    columns = [group.column(index) for index in range(group.num_columns)]
    assert {each.path_in_schema: each.has_dictionary_page for each in columns} == {
        "basket.list.element.sku": True, "basket.list.element.count": False, "source_key": True
    }  # fmt: skip


@pytest.mark.parametrize("is_overwritten", [True, False])
def test_rows_that_wait_are_a_copy_where_their_batch_is_overwritten(
    sales: DataSet, tmp_path: Path, *, is_overwritten: bool
) -> None:
    """Where it is not, they are the batch's own."""
    plain = sales.model_copy(update={"partitions": ()})
    years = np.array([2021, 2022], np.int32)
    rows = batch(plain, [("Rio", 0, "a"), ("Ely", 0, "b")])
    rows = rows.set_column(1, "year", array_of(years, pa.int32()))
    table = PartitionedTable(plain, tmp_path)
    table.write(rows, KEY, is_overwritten=is_overwritten)
    years[:] = 0
    table.close()
    found = pq.ParquetFile(tmp_path / table.parts[0].path).read()["year"]
    assert found.to_pylist() == ([2021, 2022] if is_overwritten else [0, 0])
