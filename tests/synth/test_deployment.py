"""What a change of the checkout changes in the templates, and so in the environment."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.environments import DEV
from tests.synth.templates import REPOSITORY, Templates

Sources = dict[str, list[str]]


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Path]:
    """A copy of what the bundle is built from."""
    copy = tmp_path / "checkout"
    for folder in ("dags", "plugins", "requirements"):
        shutil.copytree(REPOSITORY / folder, copy / folder)
    yield copy


def synthesize(checkout: Path) -> tuple[Sources, dict[str, Any]]:
    """The sources of the deployments by their prefix, and the raw environment."""
    # A folder of its own each time: within a process the CDK hashes an asset's path once.
    outdir = Path(tempfile.mkdtemp(dir=checkout.parent))
    templates = Templates.synthesize(DEV, outdir=outdir, repository=checkout)
    sources = {
        one.properties["DestinationBucketKeyPrefix"]: one.properties["SourceObjectKeys"]
        for one in templates.of_type("Custom::CDKBucketDeployment")
    }
    (environment,) = (
        resource
        for resource in templates.raw["lake-dev-airflow"]["Resources"].values()
        if resource["Type"] == "AWS::MWAA::Environment"
    )
    return sources, environment


def changed(before: Sources, after: Sources) -> set[str]:
    return {prefix for prefix in before if before[prefix] != after[prefix]}


def test_each_change_reaches_its_own_deployment_only(checkout: Path) -> None:
    """So a DAG syncs and leaves the environment alone, and plugins or requirements update it."""
    steps = {
        "dags/": checkout / "dags" / "new_dag.py",
        "plugins/": checkout / "plugins" / "new_plugin.py",
        "requirements/": checkout / "requirements" / "requirements.txt",
        "startup/": checkout / "requirements" / "startup.sh",
    }
    before, environment_before = synthesize(checkout)
    assert synthesize(checkout) == (before, environment_before), "no change does nothing"
    for prefix, path in steps.items():
        with path.open("a") as file:
            file.write("# changed\n")
        after, environment_after = synthesize(checkout)
        assert changed(before, after) == {prefix}
        # The environment refers to the deployments, and is updated when their versions change.
        assert environment_after == environment_before
        before = after
