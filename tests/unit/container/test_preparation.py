"""What precedes a component."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import cast

import pytest

from infra.container import preparation
from infra.container.deployed import Bundle
from infra.container.preparation import link, prepare
from infra.local.mwaa.commands import Runner
from infra.local.mwaa.model import ConfigurationError
from infra.local.mwaa.validation import IMAGE_LOCK
from tests.unit.container.conftest import FakeRunner


@pytest.fixture
def bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bundle:
    monkeypatch.setattr(preparation, "INSTALLED", tmp_path / "installed.txt")
    return Bundle(
        dags=tmp_path / "dags",
        plugins=tmp_path / "plugins",
        requirements=tmp_path / "requirements.txt",
        startup_script=tmp_path / "startup.sh",
    )


def run(bundle: Bundle, runner: FakeRunner) -> dict[str, str]:
    return asyncio.run(
        prepare(bundle, mwaa_component="worker", environment={}, runner=cast(Runner, runner))
    )


def test_a_bundle_without_them_needs_nothing(bundle: Bundle) -> None:
    bundle.requirements.write_text("")
    bundle.startup_script.write_text("")
    runner = FakeRunner()
    assert run(bundle, runner) == {}
    assert runner.ran == []


def test_requirements_are_installed_under_the_images_pins(bundle: Bundle) -> None:
    bundle.requirements.write_text("pandas==3.0.5\n")
    runner = FakeRunner()
    run(bundle, runner)
    (install,) = runner.ran
    assert install[-2:] == ["--constraints", str(IMAGE_LOCK)]
    assert str(bundle.requirements) in install


def test_what_other_requirements_brought_is_removed_first(
    bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Distribution:
        def __init__(self, name: str) -> None:
            self.name = name

    names = ("apache_airflow", "pip", "Left.Over")
    monkeypatch.setattr(preparation, "distributions", lambda: map(Distribution, names))
    runner = FakeRunner()
    bundle.requirements.write_text("pandas==3.0.5\n")
    run(bundle, runner)
    run(bundle, runner)
    assert [argv[2] for argv in runner.ran] == ["install", "install"]

    bundle.requirements.write_text("polars\n")
    run(bundle, runner)
    assert runner.ran[2] == ["uv", "pip", "uninstall", "--quiet", "left-over"]
    assert runner.ran[3][2] == "install"


def test_a_requirement_that_would_change_the_image_is_refused_at_its_line(bundle: Bundle) -> None:
    bundle.requirements.write_text("celery==5.7.0\n")
    runner = FakeRunner()
    with pytest.raises(ConfigurationError, match=r"requirements\.txt:1: celery==5\.7\.0"):
        run(bundle, runner)
    assert runner.ran == []


def test_requirements_that_cannot_be_installed_are_said_with_the_reason(bundle: Bundle) -> None:
    bundle.requirements.write_text("pandas==99\n")
    runner = FakeRunner()
    runner.fails = "there is no version of pandas==99"
    with pytest.raises(ConfigurationError, match="no version of pandas==99") as stopped:
        run(bundle, runner)
    assert str(stopped.value).startswith(f"{bundle.requirements}:1: pandas==99")


def test_mwaas_paths_lead_to_a_bundle_that_is_elsewhere(
    bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    at_home = bundle.model_copy(update={"dags": home / "dags", "plugins": home / "plugins"})
    monkeypatch.setattr(preparation, "MOUNTED", at_home)
    (home / "dags").mkdir(parents=True)
    link(bundle)
    link(bundle)
    assert at_home.dags.readlink() == bundle.dags
    assert at_home.plugins.readlink() == bundle.plugins
