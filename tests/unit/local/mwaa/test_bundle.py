"""The bundle: plugins, requirements and startup script at their versions."""

from __future__ import annotations

import asyncio
import io
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import boto3
import pytest
from moto import mock_aws

from infra.local.mwaa.bundle import Builder, Sources
from infra.local.mwaa.commands import Runner
from infra.local.mwaa.credentials import ExecutionRole
from infra.local.mwaa.layout import Layout
from infra.local.mwaa.model import ConfigurationError, Properties
from infra.local.mwaa.virtualenv import VirtualEnvironments

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BUCKET = "airflow-bucket"
BASE = {"PATH": "/usr/bin:/bin"}


class FakeRole:
    def __init__(self, s3: S3Client) -> None:
        self._s3 = s3

    async def s3(self) -> S3Client:
        return self._s3


class FakeVirtualEnvironments:
    """Remembers the requirements that it is given."""

    def __init__(self) -> None:
        self.requirements = ""
        self.variables: Mapping[str, str] = {}
        self.internet = True

    def key(
        self, requirements: str, plugins_zip: bytes, image_lock: Path, *, internet: bool
    ) -> str:
        self.image_lock = image_lock
        return f"key-{len(requirements)}-{len(plugins_zip)}-{internet}"

    def path(self, key: str) -> Path:
        return Path("/venvs") / key

    async def make(
        self,
        key: str,
        requirements: Path,
        image_lock: Path,
        *,
        variables: Mapping[str, str],
        internet: bool,
    ) -> None:
        assert image_lock == self.image_lock
        assert key.startswith("key-")
        assert key.endswith(str(internet))
        self.internet = internet
        self.requirements = requirements.read_text()
        self.variables = variables


@pytest.fixture
def s3() -> Iterator[S3Client]:
    with mock_aws():
        client = boto3.client(
            "s3", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
        )
        client.create_bucket(Bucket=BUCKET)
        client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        yield client


@pytest.fixture
def environments() -> FakeVirtualEnvironments:
    return FakeVirtualEnvironments()


@pytest.fixture
def builder(tmp_path: Path, environments: FakeVirtualEnvironments) -> Builder:
    layout = Layout(tmp_path)
    layout.make()
    return Builder(
        layout=layout,
        virtual_environments=cast(VirtualEnvironments, environments),
        runner=Runner(marker="/test-bundle:"),
    )


def _zip(**files: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def _fetch(s3: S3Client, body: dict[str, Any], **paths: str) -> Sources:
    properties = Properties.model_validate({**body, **paths})
    return asyncio.run(Sources.fetch(properties, cast(ExecutionRole, FakeRole(s3))))


def test_objects_are_read_at_the_versions_that_are_asked_for(
    s3: S3Client, request_body: dict[str, Any]
) -> None:
    old = s3.put_object(Bucket=BUCKET, Key="r.txt", Body=b"a==1")["VersionId"]
    s3.put_object(Bucket=BUCKET, Key="r.txt", Body=b"a==2")
    at_old = _fetch(s3, request_body, RequirementsS3Path="r.txt", RequirementsS3ObjectVersion=old)
    assert at_old.requirements == "a==1"
    assert _fetch(s3, request_body, RequirementsS3Path="r.txt").requirements == "a==2"


def test_a_missing_object_or_version_is_named(s3: S3Client, request_body: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=r"s3://airflow-bucket/no\.zip cannot be read"):
        _fetch(s3, request_body, PluginsS3Path="no.zip")


def test_requirements_must_be_text(s3: S3Client, request_body: dict[str, Any]) -> None:
    s3.put_object(Bucket=BUCKET, Key="r.txt", Body=b"\xff\xfe")
    with pytest.raises(ConfigurationError, match="UTF-8"):
        _fetch(s3, request_body, RequirementsS3Path="r.txt")


def test_the_key_depends_on_the_content_alone() -> None:
    assert Sources(requirements="a==1").key == Sources(requirements="a==1").key
    keys = {
        Sources().key,
        Sources(requirements="x").key,
        Sources(startup_script="x").key,
        Sources(plugins_zip=b"x").key,
    }
    assert len(keys) == 4


def test_a_build_has_plugins_mapped_requirements_and_the_scripts_variables(
    builder: Builder, environments: FakeVirtualEnvironments
) -> None:
    sources = Sources(
        plugins_zip=_zip(**{"constraints.txt": "a==1", "operators/mine.py": "x = 1"}),
        requirements='--constraint "/usr/local/airflow/plugins/constraints.txt"\na\n',
        startup_script="export FOO=bar",
    )
    build = asyncio.run(builder.make(builder.store(sources), environment=BASE))
    assert (build.plugins / "operators" / "mine.py").read_text() == "x = 1"
    assert environments.requirements == f'--constraint "{build.plugins}/constraints.txt"\na\n'
    assert environments.variables == {"FOO": "bar"}
    assert build.startup_variables["webserver"] == {"FOO": "bar"}


@pytest.mark.parametrize("internet", [True, False])
def test_requirements_are_installed_as_the_network_lets_them(
    builder: Builder, environments: FakeVirtualEnvironments, internet: bool
) -> None:
    key = builder.store(Sources(requirements="a==1"))
    asyncio.run(builder.make(key, environment=BASE, internet=internet))
    assert environments.internet is internet


def test_an_empty_bundle_is_a_build_too(builder: Builder) -> None:
    build = asyncio.run(builder.make(builder.store(Sources()), environment=BASE))
    assert list(build.plugins.iterdir()) == []
    assert build.startup_variables == {}


def test_plugins_that_are_no_zip_are_refused_and_can_be_mended(builder: Builder) -> None:
    with pytest.raises(ConfigurationError, match="not a zip file"):
        asyncio.run(builder.make(builder.store(Sources(plugins_zip=b"no")), environment=BASE))


def test_a_zip_cannot_write_outside_of_the_plugins(builder: Builder, tmp_path: Path) -> None:
    key = builder.store(Sources(plugins_zip=_zip(**{"../../evil.py": "x", "/etc/evil.py": "x"})))
    build = asyncio.run(builder.make(key, environment=BASE))
    assert {path.name for path in build.plugins.rglob("*.py")} == {"evil.py"}
    assert [path.parent for path in tmp_path.rglob("evil.py") if path.parent == tmp_path] == []


def test_a_build_can_be_made_again_from_its_key_alone(builder: Builder) -> None:
    key = builder.store(Sources(requirements="a==1"))
    first = asyncio.run(builder.make(key, environment=BASE))
    assert asyncio.run(builder.make(key, environment=BASE)) == first


def test_other_builds_are_discarded(builder: Builder, tmp_path: Path) -> None:
    old = builder.store(Sources(requirements="a==1"))
    new = builder.store(Sources(requirements="a==2"))
    builder.discard_all_but(new)
    assert [folder.name for folder in (tmp_path / "builds").iterdir()] == [new]
    assert old != new
