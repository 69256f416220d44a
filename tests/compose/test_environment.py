"""What `lake compose up` gives: the environment that `cdk deploy --all` made, and its Airflow."""

from __future__ import annotations

import os

import httpx
import pytest

from infra.compose.secrets import users_password

from .conftest import Stack

pytestmark = pytest.mark.compose

IDENTITY = """
import contextlib, json, os, psutil
for process in psutil.process_iter():
    with contextlib.suppress(psutil.AccessDenied):
        component = process.environ()
        if "AIRFLOW_ENV_NAME" in component:
            break
os.environ.clear()
os.environ.update(component)
import boto3
keys = [name for name in component if name.endswith("ACCESS_KEY_ID")]
print(json.dumps([boto3.client("sts").get_caller_identity()["Arn"], keys]))
"""
FLOWER = f"http://127.0.0.1:{os.environ.get('LAKE_FLOWER_PORT', '5555')}"


def test_cdk_made_an_environment_that_is_available(stack: Stack) -> None:
    stacks = stack.client("cloudformation").describe_stacks()["Stacks"]
    environment = stack.client("mwaa").get_environment(Name="lake-dev")["Environment"]

    assert {each["StackStatus"] for each in stacks} == {"CREATE_COMPLETE"}
    assert "lake-dev-airflow" in {each["StackName"] for each in stacks}
    assert environment["Status"] == "AVAILABLE"


@pytest.mark.parametrize("service", ["worker", "scheduler", "api-server"])
def test_a_component_is_the_execution_role_and_has_no_key(stack: Stack, service: str) -> None:
    role = stack.client("mwaa").get_environment(Name="lake-dev")["Environment"]["ExecutionRoleArn"]

    arn, keys = stack.python(service, IDENTITY)

    assert f":assumed-role/{role.rpartition('/')[2]}/" in arn
    assert keys == []


def test_the_ui_answers(stack: Stack) -> None:
    page = httpx.get(stack.environment.webserver_url, timeout=30, follow_redirects=True)

    assert page.status_code == 200
    assert "Airflow" in page.text


def test_the_rest_api_of_mwaa_knows_every_part_as_healthy(stack: Stack) -> None:
    health = stack.wait_for(
        lambda: stack.airflow("GET", "/monitor/health"),
        timeout_seconds=60,
        what="an answer of the REST API",
        service="api-server",
    )

    found = {part: each["status"] for part, each in health.items()}
    parts = ("metadatabase", "scheduler", "triggerer", "dag_processor")
    assert found == dict.fromkeys(parts, "healthy")


def test_the_command_line_of_airflow_lists_the_dags(stack: Stack) -> None:
    listed = stack.lake("compose", "airflow", "dags", "list", "--output", "plain")

    assert {"market_quotes", "retail_orders", "web_events"} <= set(listed.split())


def test_flower_lists_the_workers_to_whoever_has_the_password_and_comes_back(stack: Stack) -> None:
    login = ("admin", users_password(stack.settings.home / "compose"))
    stack.compose("--profile", "flower", "up", "--detach", "--wait", "--no-recreate", "flower")

    assert httpx.get(f"{FLOWER}/api/workers").status_code == 401
    workers = httpx.get(f"{FLOWER}/api/workers", params={"refresh": 1}, auth=login, timeout=30)
    assert workers.status_code == 200
    assert set(workers.json()) == {f"celery@{each}" for each in stack.containers("worker")}

    stack.crash("flower")
    stack.wait_for(
        lambda: stack.state("flower")["RestartCount"] == 1 and stack.is_healthy("flower"),
        timeout_seconds=90,
        what="Flower after a crash",
        service="flower",
    )
    stack.compose("--profile", "flower", "rm", "--stop", "--force", "flower")
