"""An environment without a way to the Internet: its bundle, and what uploads it."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from infra.environments import DEV
from infra.local.mwaa.model import ConfigurationError
from infra.settings import EnvironmentSettings, NetworkSettings, NewVpc
from tests.package_index import locked, make_wheel
from tests.synth.checkout import checkout_with
from tests.synth.templates import Resource, Templates

PRIVATE = EnvironmentSettings(
    **{**dict(DEV), "network": NetworkSettings(vpc=NewVpc(), routing="private")}
)


@pytest.fixture
def wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A wheel that was fetched before, where there is no way to fetch any."""
    monkeypatch.setenv("LAKE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    return make_wheel(tmp_path / "home" / "wheelhouse", "one", "1.0")


@pytest.fixture
def checkout(tmp_path: Path, wheel: Path) -> Path:
    return checkout_with(tmp_path / "checkout", requirements="one==1.0\n", lock=locked(wheel))


def asset(templates: Templates, part: str, outdir: Path) -> Path:
    """The file that the deployment of a part uploads."""
    deployment = templates.only("Custom::CDKBucketDeployment", f"Airflow/Bundle/{part}")
    (key,) = deployment.properties["SourceObjectKeys"]
    return outdir / f"asset.{key}"


def copier(templates: Templates) -> Resource:
    """The function that copies the parts, one for all."""
    (function,) = (
        one
        for one in templates.of_type("AWS::Lambda::Function")
        if "CDKBucketDeployment" in one.path
    )
    return function


def test_the_bundle_has_the_wheels_and_no_index(
    checkout: Path, wheel: Path, tmp_path: Path
) -> None:
    outdir = tmp_path / "out"
    made = Templates.synthesize(PRIVATE, outdir=outdir, repository=checkout)

    with zipfile.ZipFile(asset(made, "Plugins", outdir)) as archive:
        assert archive.read(wheel.name) == wheel.read_bytes()
        assert "lake_console.py" in archive.namelist()
    requirements = asset(made, "Requirements", outdir).read_text().splitlines()
    assert requirements[:2] == ["--find-links /usr/local/airflow/plugins", "--no-index"]
    assert requirements[-1] == "one==1.0"
    again = Templates.synthesize(PRIVATE, outdir=tmp_path / "again", repository=checkout)
    assert again.raw == made.raw, "a second deploy changes nothing"


def test_the_function_that_copies_wheels_has_the_disk_for_them(
    checkout: Path, tmp_path: Path, dev: Templates
) -> None:
    made = Templates.synthesize(PRIVATE, outdir=tmp_path / "out", repository=checkout)

    assert copier(made).properties["EphemeralStorage"] == {"Size": 2048}
    assert "EphemeralStorage" not in copier(dev).properties


def test_a_public_environment_has_no_wheels_and_its_own_requirements(
    checkout: Path, tmp_path: Path
) -> None:
    outdir = tmp_path / "out"
    made = Templates.synthesize(DEV, outdir=outdir, repository=checkout)

    with zipfile.ZipFile(asset(made, "Plugins", outdir)) as archive:
        assert not [name for name in archive.namelist() if name.endswith(".whl")]
    assert asset(made, "Requirements", outdir).read_text() == "one==1.0\n"


def test_without_wheels_and_without_an_index_the_command_is_named_that_fetches(
    checkout: Path, wheel: Path, tmp_path: Path
) -> None:
    wheel.unlink()

    with pytest.raises(ConfigurationError, match="`lake requirements package`"):
        Templates.synthesize(PRIVATE, outdir=tmp_path / "out", repository=checkout)
