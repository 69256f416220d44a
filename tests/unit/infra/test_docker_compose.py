"""docker-compose.yaml, read as YAML; `make check` lets Compose itself read it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.compose.containers import CLASS_LABEL
from infra.container.components import COMPONENTS
from infra.container.configuration import BundleSource
from infra.container.deployed import AIRFLOW_HOME, MOUNTED, VOLUME
from infra.container.health import PAGES
from infra.settings import TASKS_A_WORKER

REPOSITORY = Path(__file__).resolve().parents[3]
TEXT = (REPOSITORY / "docker-compose.yaml").read_text()
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(TEXT)["services"]
CLASSES = yaml.safe_load((REPOSITORY / "infra" / "container" / "classes.yaml").read_text())
BUNDLE = yaml.safe_load((REPOSITORY / "infra" / "container" / "bundle.yaml").read_text())
DOCKERFILE = (REPOSITORY / "Dockerfile").read_text()


def test_every_component_has_a_service_of_its_name() -> None:
    others = {"redis", "postgres", "aws", "mwaa"}
    assert set(SERVICES) == set(COMPONENTS) | others
    for name in COMPONENTS:
        assert SERVICES[name]["command"] == [name]


def test_ports_are_published_on_this_machine_only() -> None:
    published = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert len(published) == 3
    assert all(port.startswith("127.0.0.1:") for port in published)


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_every_service_has_a_health_check_a_limit_and_logs_that_end(name: str) -> None:
    service = SERVICES[name]
    assert service["healthcheck"]["test"]
    assert "mem_limit" in service or "extends" in service
    assert service["logging"]["options"]["max-size"]


def test_no_secret_is_in_the_file() -> None:
    assert not re.search(r"(password|secret|key|token)\w*\s*[:=]\s*['\"]?\w", TEXT, re.IGNORECASE)


def test_the_classes_are_those_of_mwaa() -> None:
    concurrency = {
        name: service["environment"]["AIRFLOW__CELERY__WORKER_CONCURRENCY"]
        for name, service in CLASSES["services"].items()
    }
    assert concurrency == dict(TASKS_A_WORKER)
    labels = {name: service["labels"][CLASS_LABEL] for name, service in CLASSES["services"].items()}
    assert labels == {name: name for name in TASKS_A_WORKER}


def test_health_checks_ask_the_ports_that_are_published() -> None:
    for name in ("api-server", "flower", "aws"):
        (port,) = SERVICES[name]["ports"]
        assert f":{port.rpartition(':')[2]}/" in PAGES[name]


def test_the_image_has_the_version_that_the_environments_run() -> None:
    lock = (REPOSITORY / "requirements" / "locks" / "mwaa-image.txt").read_text()
    version = re.search(r"^apache-airflow==(\S+)", lock, re.MULTILINE)
    assert version
    assert SERVICES["worker"]["image"] == f"mwaa-lake/airflow:{version[1]}"
    assert "python3.12" in DOCKERFILE


def test_a_source_of_the_bundle_is_a_service_of_its_name() -> None:
    assert set(BUNDLE["services"]) == set(BundleSource)
    for name, service in BUNDLE["services"].items():
        assert service["environment"] == {"LAKE_BUNDLE": name}


def test_mounted_folders_are_those_that_components_read() -> None:
    targets = {Path(each["target"]) for each in BUNDLE["services"]["repository"]["volumes"]}
    files = {MOUNTED.requirements.parent, MOUNTED.startup_script.parent}
    assert targets == {MOUNTED.dags, MOUNTED.plugins, *files}


def test_airflow_can_only_read_what_is_deployed() -> None:
    for name, component in COMPONENTS.items():
        if component.mwaa_component:
            assert f"{VOLUME}:ro" in str(SERVICES[name]["volumes"])
    assert f"environment:{VOLUME}" in SERVICES["mwaa"]["volumes"]


def test_folders_that_volumes_are_mounted_over_are_in_the_image() -> None:
    mounted = {
        volume.split(":")[1] for name in ("worker", "mwaa") for volume in SERVICES[name]["volumes"]
    }
    made = set(re.findall(r"mkdir (?:-p )?(.+?)(?: \\\\)?$", DOCKERFILE, re.MULTILINE))
    names = {f"{AIRFLOW_HOME}/{name}" for line in made for name in line.split()}
    assert mounted <= names


def test_the_service_is_reached_from_the_containers_only() -> None:
    assert SERVICES["mwaa"]["env_file"][0]["path"].endswith("/mwaa.env")
    assert "ports" not in SERVICES["mwaa"]
