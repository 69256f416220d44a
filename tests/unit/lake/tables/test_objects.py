from __future__ import annotations

import io

import pytest
from lake.tables import Warehouse
from lake.tables.file_io import CLIENT, BotoFileIO
from lake.tables.objects import ObjectReader, split_uri

URI = "s3://curated/a/b.avro"


@pytest.fixture
def files(warehouse: Warehouse) -> BotoFileIO:
    return BotoFileIO({CLIENT: warehouse.s3})


def reader(warehouse: Warehouse, body: bytes = b"0123456789") -> ObjectReader:
    warehouse.s3.put_object(Bucket=warehouse.bucket, Key="a/b.avro", Body=body)
    return ObjectReader(warehouse.s3, warehouse.bucket, "a/b.avro")


def test_an_object_is_read_anywhere(warehouse: Warehouse) -> None:
    file = reader(warehouse)
    assert file.read(3) == b"012"
    assert file.seek(-4, io.SEEK_END) == 6
    assert file.read(2) == b"67"
    assert file.seek(-1, io.SEEK_CUR) == 7
    assert file.read() == b"789"
    assert file.tell() == 10
    assert file.read(1) == file.read() == b""


def test_a_read_over_the_end_gives_what_there_is(warehouse: Warehouse) -> None:
    file = reader(warehouse)
    file.seek(8)
    assert file.read(100) == b"89"


def test_the_whole_object_is_one_request(warehouse: Warehouse) -> None:
    file = reader(warehouse)
    requests: list[str] = []
    warehouse.s3.meta.events.register(
        "before-call.s3", lambda model, **_: requests.append(model.name)
    )
    assert file.read() == b"0123456789"
    assert file.read() == b""
    assert requests == ["GetObject"]


def test_an_object_that_is_not_there_is_not_found(files: BotoFileIO) -> None:
    missing = files.new_input("s3://curated/nothing")
    assert not missing.exists()
    with pytest.raises(FileNotFoundError, match="s3://curated/nothing"):
        missing.open().read()
    with pytest.raises(FileNotFoundError, match="s3://curated/nothing"):
        len(missing)


def test_what_is_written_is_there_when_it_is_closed(files: BotoFileIO) -> None:
    output = files.new_output(URI)
    with output.create() as stream:
        stream.write(b"abc")
        assert not output.exists()
    assert len(output) == 3
    assert output.to_input_file().open().read() == b"abc"


def test_what_is_there_is_overwritten_only_if_asked(files: BotoFileIO) -> None:
    output = files.new_output(URI)
    output.create().close()
    stream = output.create()
    stream.write(b"other")
    with pytest.raises(FileExistsError, match=URI):
        stream.close()
    with output.create(overwrite=True) as again:
        again.write(b"new")
    assert output.to_input_file().open().read() == b"new"


def test_nothing_is_written_where_writing_failed(files: BotoFileIO) -> None:
    output = files.new_output(URI)
    with pytest.raises(ZeroDivisionError), output.create() as stream:
        stream.write(b"%d" % (1 // 0))
    assert not output.exists()


def test_a_deleted_object_is_gone(files: BotoFileIO) -> None:
    output = files.new_output(URI)
    output.create().close()
    files.delete(output)
    files.delete(URI)
    assert not output.exists()


def test_a_location_has_a_bucket_and_a_key() -> None:
    assert split_uri("s3://curated/a=b/c.parquet") == ("curated", "a=b/c.parquet")
