"""An environment of the embedded MWAA, from creation to deletion, with a real Airflow.

The tests share one environment and build on each other's order only where they say so.
"""

from __future__ import annotations

import base64
import os
import signal
from importlib.metadata import version
from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError

from infra.cli.environment import reset_database
from infra.local.settings import LocalSettings
from tests.embedded.mwaa.conftest import DAGS
from tests.embedded.mwaa.laptop import ACCOUNT, PRINCIPALS, ROLE, Laptop, wait_until
from tests.embedded.requirements import PACKAGE

pytestmark = pytest.mark.embedded

COMPONENTS = ("scheduler", "dag-processor", "triggerer", "api-server")


@pytest.fixture(scope="module")
def run(laptop: Laptop, environment: str) -> str:
    """A finished run of the DAG `who`."""
    assert environment
    wait_until(lambda: _dag_ids(laptop) == {"who", "slow"}, seconds=30)
    return laptop.run("who")


def _dag_ids(laptop: Laptop) -> set[str]:
    assert laptop.rest("GET", "/importErrors")["import_errors"] == []
    return {dag["dag_id"] for dag in laptop.rest("GET", "/dags")["dags"]}


def test_a_task_has_the_identity_of_the_execution_role(laptop: Laptop, run: str) -> None:
    seen = laptop.result("who", run, "identity")
    assert seen["arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/{ROLE}/AmazonMWAA-airflow"
    assert seen["method"] == "container-role"


def test_nothing_of_the_persons_shell_reaches_a_task(laptop: Laptop, run: str) -> None:
    seen = laptop.result("who", run, "identity")
    assert "AWS_ACCESS_KEY_ID" not in seen["environment"]
    assert "AWS_PROFILE" not in seen["environment"]
    assert "LAKE_HOME" not in seen["environment"]
    for theirs in ("AKIASHELL", "AKIAFILE", str(laptop.home.parent / "person")):
        assert theirs not in seen["values"]


def test_a_task_may_do_what_its_role_may_and_no_more(laptop: Laptop, run: str) -> None:
    seen = laptop.result("who", run, "rights")
    assert seen["own"] == "dags/slow.py,dags/who.py"
    assert "AccessDenied" in seen["other"]


def test_a_task_reads_connections_and_variables_from_secrets_manager(
    laptop: Laptop, run: str
) -> None:
    seen = laptop.result("who", run, "secrets")
    # The password is given backwards: Airflow masks it in the results of a task.
    assert seen["connection"] == f"http crm {'of-crm'[::-1]}"
    assert seen["variable"] == "42"
    assert seen["missing"] == "not there"


def test_what_the_patterns_leave_out_is_not_looked_up_and_other_secrets_are_denied(
    laptop: Laptop, run: str
) -> None:
    seen = laptop.result("who", run, "secrets")
    assert seen["unasked"] == "not asked for"
    assert "AccessDenied" in seen["other"]


def test_a_client_for_the_real_aws_is_refused(laptop: Laptop, run: str) -> None:
    seen = laptop.result("who", run, "real_aws")
    assert "ProxyConnectionError" in seen["ignoring"]
    assert "ProxyConnectionError" in seen["explicit"]
    assert seen["metadata"].startswith("403 169.254.169.254 is the real AWS")


def test_the_bundle_is_all_that_a_task_finds(laptop: Laptop, run: str) -> None:
    """The requirement came as a wheel of plugins.zip: the subnets have no way to an index."""
    seen = laptop.result("who", run, "packages")
    assert seen["requirement"] == version(PACKAGE)
    assert seen["plugin"] == "42"
    assert seen["missing"] == "ModuleNotFoundError: No module named 'pandas'"
    assert (seen["startup"], seen["option"]) == ("yes", "curated")


def test_the_log_of_a_task_can_be_read(laptop: Laptop, run: str) -> None:
    path = f"/dags/who/dagRuns/{run}/taskInstances/identity/logs/1"
    assert "the log of the task" in str(laptop.rest("GET", path))


def test_getenvironment_tells_where_the_web_server_is(laptop: Laptop, environment: str) -> None:
    document = laptop.environment(environment)
    assert document["WebserverUrl"] == f"127.0.0.1:{laptop.airflow_port}"
    assert document["LastUpdate"]["Status"] == "SUCCESS"
    assert laptop.mwaa.list_environments()["Environments"] == [environment]


def test_dags_follow_the_bucket(laptop: Laptop, environment: str, run: str) -> None:
    assert run
    code = (DAGS / "slow.py").read_text().replace("slow", "fresh")
    laptop.put("dags/fresh.py", code)
    wait_until(lambda: "fresh" in _dag_ids(laptop), seconds=30)
    laptop.client("s3").delete_object(Bucket="airflow-bucket", Key="dags/fresh.py")
    folder = laptop.home / "environments" / environment / "dags"
    wait_until(lambda: not (folder / "fresh.py").exists(), seconds=10)
    wait_until(lambda: "fresh" not in _dag_ids(laptop), seconds=60)


def test_the_command_line_runs_with_a_token(laptop: Laptop, environment: str) -> None:
    issued = laptop.mwaa.create_cli_token(Name=environment)
    url = f"http://{issued['WebServerHostname']}/aws_mwaa/cli"
    headers = {"Authorization": f"Bearer {issued['CliToken']}", "Content-Type": "text/plain"}
    answer = httpx.post(url, headers=headers, content="dags list -o plain", timeout=90).json()
    assert "who" in base64.b64decode(answer["stdout"]).decode()
    wrong = httpx.post(url, headers={**headers, "Authorization": "Bearer x"}, content="version")
    assert wrong.status_code == 403


def test_a_web_login_token_gives_a_session_once(laptop: Laptop, environment: str) -> None:
    issued = laptop.mwaa.create_web_login_token(Name=environment)
    assert issued["AirflowIdentity"] == "admin"
    with httpx.Client(base_url=f"http://{issued['WebServerHostname']}") as browser:
        assert browser.get("/api/v2/dags").status_code == 401
        login = browser.post("/pluginsv2/aws_mwaa/login", data={"token": issued["WebToken"]})
        assert (login.status_code, login.headers["location"]) == (302, "/")
        assert browser.get("/api/v2/dags").status_code == 200
        again = browser.post("/pluginsv2/aws_mwaa/login", data={"token": issued["WebToken"]})
        assert again.status_code == 403


def test_a_person_logs_in_with_the_password_of_the_status(laptop: Laptop, environment: str) -> None:
    (status,) = laptop.status().environments
    assert (status.name, status.username) == (environment, "admin")
    login = {"username": status.username, "password": status.password}
    assert httpx.post(f"{status.url}/auth/token", json=login).status_code == 201
    wrong = {**login, "password": "admin"}
    assert httpx.post(f"{status.url}/auth/token", json=wrong).status_code == 401


@pytest.mark.usefixtures("environment")
def test_an_error_of_the_rest_api_has_airflows_status(laptop: Laptop) -> None:
    with pytest.raises(ClientError) as failed:
        laptop.rest("GET", "/dags/none")
    response: Any = failed.value.response
    assert response["Error"]["Code"] == "RestApiClientException"
    assert response["RestApiStatusCode"] == 404


def test_a_trigger_that_is_repeated_starts_one_run(laptop: Laptop, run: str) -> None:
    body = {"dag_run_id": f"{run}-again", "logical_date": None}
    assert laptop.rest("POST", "/dags/who/dagRuns", body)["dag_run_id"] == body["dag_run_id"]
    with pytest.raises(ClientError) as repeated:
        laptop.rest("POST", "/dags/who/dagRuns", body)
    response: Any = repeated.value.response
    assert response["RestApiStatusCode"] == 409
    path = f"/dags/who/dagRuns/{run}-again"
    wait_until(lambda: laptop.rest("GET", path)["state"] == "success", seconds=120)


def test_a_caller_acts_with_the_role_of_airflow_that_iam_allows(
    laptop: Laptop, environment: str
) -> None:
    viewer = laptop.viewer(environment)
    listed: Any = viewer.invoke_rest_api(Name=environment, Method="GET", Path="/dags")
    assert "who" in {dag["dag_id"] for dag in listed["RestApiResponse"]["dags"]}
    with pytest.raises(ClientError) as failed:
        viewer.invoke_rest_api(
            Name=environment, Method="PATCH", Path="/dags/who", Body={"is_paused": True}
        )
    response: Any = failed.value.response
    assert response["RestApiStatusCode"] == 403
    with pytest.raises(ClientError, match="AccessDenied"):
        viewer.create_web_login_token(Name=environment)


def test_a_contradicting_requirement_fails_the_update_and_the_old_airflow_lives(
    laptop: Laptop, environment: str
) -> None:
    before = [laptop.pid(f"{environment}.{component}") for component in COMPONENTS]
    version = laptop.put("requirements.txt", "boto3==1.0.0\n")
    laptop.mwaa.update_environment(
        Name=environment,
        RequirementsS3Path="requirements.txt",
        RequirementsS3ObjectVersion=version,
    )
    update = laptop.settled(environment)
    assert (update["Status"], update["LastUpdate"]["Status"]) == ("AVAILABLE", "FAILED")
    said = update["LastUpdate"]["Error"]["ErrorMessage"]
    assert "boto3==1.0.0 and boto3==" in said
    assert [laptop.pid(f"{environment}.{component}") for component in COMPONENTS] == before
    assert update["RequirementsS3ObjectVersion"] != version


def test_a_failing_startup_script_fails_the_update_with_its_output(
    laptop: Laptop, environment: str
) -> None:
    version = laptop.put("startup.sh", "echo about to fail; exit 9\n")
    laptop.mwaa.update_environment(Name=environment, StartupScriptS3ObjectVersion=version)
    update = laptop.settled(environment)
    said = update["LastUpdate"]["Error"]["ErrorMessage"]
    assert "exit code 9\nabout to fail" in said


def test_an_update_without_a_change_restarts_nothing(laptop: Laptop, environment: str) -> None:
    before = laptop.pid(f"{environment}.scheduler")
    laptop.mwaa.update_environment(Name=environment, MinWorkers=1)
    assert laptop.settled(environment)["LastUpdate"]["Status"] == "SUCCESS"
    assert laptop.pid(f"{environment}.scheduler") == before


def test_a_changed_option_reaches_the_tasks_and_the_history_stays(
    laptop: Laptop, environment: str, run: str
) -> None:
    there = laptop.environment(environment)["AirflowConfigurationOptions"]
    options = {**there, "lake.curated_bucket": "changed"}
    laptop.mwaa.update_environment(Name=environment, AirflowConfigurationOptions=options)
    assert laptop.settled(environment)["LastUpdate"]["Status"] == "SUCCESS"
    assert laptop.rest("GET", f"/dags/who/dagRuns/{run}")["state"] == "success"
    again = laptop.run("who")
    assert laptop.result("who", again, "packages")["option"] == "changed"


def test_a_killed_scheduler_is_restarted_and_the_run_succeeds(
    laptop: Laptop, environment: str
) -> None:
    name = f"{environment}.scheduler"
    run = laptop.rest("POST", "/dags/slow/dagRuns", {"logical_date": None})["dag_run_id"]
    task = f"/dags/slow/dagRuns/{run}/taskInstances/wait"
    wait_until(lambda: laptop.rest("GET", task)["state"] == "running", seconds=60)
    scheduler = laptop.pid(name)
    assert scheduler
    os.kill(scheduler, signal.SIGKILL)
    wait_until(lambda: laptop.pid(name) not in (scheduler, None), seconds=30)
    (component,) = (c for c in laptop.status().components if c.name == name)
    assert component.restarts == 1
    assert component.last_exit.startswith("killed by SIGKILL")
    path = f"/dags/slow/dagRuns/{run}"
    wait_until(lambda: laptop.rest("GET", path)["state"] == "success", seconds=180)
    assert laptop.rest("GET", task)["try_number"] == 2


def test_nothing_survives_a_killed_supervisor_and_the_next_one_resumes(
    laptop: Laptop, environment: str, run: str
) -> None:
    laptop.end(signal.SIGKILL)
    wait_until(lambda: not laptop.processes() and not laptop.listening(), seconds=10)
    laptop.start()
    assert laptop.settled(environment)["Status"] == "AVAILABLE"
    assert laptop.rest("GET", f"/dags/who/dagRuns/{run}")["state"] == "success"


@pytest.mark.parametrize("killed", [False, True])
def test_a_reset_database_is_as_after_a_create_and_the_bucket_stays(
    laptop: Laptop, environment: str, killed: bool
) -> None:
    laptop.rest("POST", "/variables", {"key": "mine", "value": "1"})
    laptop.run("who")
    objects = laptop.versions()
    reset_database(environment, LocalSettings(aws_port=laptop.aws_port))
    assert laptop.environment(environment)["Status"] == "UNAVAILABLE"
    if killed:
        laptop.end(signal.SIGKILL)
        wait_until(lambda: not laptop.processes() and not laptop.listening(), seconds=10)
        laptop.start()
    assert laptop.settled(environment)["Status"] == "AVAILABLE"
    assert laptop.rest("GET", "/variables")["total_entries"] == 0
    assert laptop.rest("GET", "/dags/~/dagRuns")["total_entries"] == 0
    (status,) = laptop.status().environments
    login = {"username": status.username, "password": status.password}
    assert httpx.post(f"{status.url}/auth/token", json=login).status_code == 201
    wait_until(lambda: _dag_ids(laptop) == {"who", "slow"}, seconds=30)
    laptop.run("who")
    assert laptop.versions() == objects


@pytest.mark.usefixtures("environment")
def test_a_second_supervisor_is_refused(laptop: Laptop) -> None:
    assert laptop.process
    with laptop.spawn() as second:
        assert second.wait(timeout=30) == 1
        assert second.stderr
        said = second.stderr.read().decode()
    assert said == f"a supervisor already runs for {laptop.home} (pid {laptop.process.pid})\n"
    assert laptop.status().ready


@pytest.fixture
def failed_name(laptop: Laptop) -> Any:
    """A name whose environment is removed afterwards."""
    yield "failed"
    laptop.mwaa.delete_environment(Name="failed")
    wait_until(lambda: "failed" not in laptop.mwaa.list_environments()["Environments"], seconds=30)


def _failure(laptop: Laptop, name: str, **changes: Any) -> str:
    laptop.mwaa.create_environment(Name=name, **laptop.request(**changes))
    failed = laptop.settled(name)
    assert failed["Status"] == "CREATE_FAILED"
    return str(failed["LastUpdate"]["Error"]["ErrorMessage"])


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize("principal", PRINCIPALS)
def test_a_role_that_does_not_trust_both_principals_fails_the_create(
    laptop: Laptop, failed_name: str, principal: str
) -> None:
    name = f"trusts-{principal}"
    laptop.make_role(name, principal)
    said = _failure(laptop, failed_name, ExecutionRoleArn=f"arn:aws:iam::{ACCOUNT}:role/{name}")
    (other,) = set(PRINCIPALS) - {principal}
    assert f"cannot be assumed by {other}." in said


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize(
    ("bucket", "said"),
    [
        ({"versioned": False}, "must have versioning enabled"),
        ({"private": False}, "must block all public access"),
    ],
)
def test_a_bucket_that_mwaa_does_not_take_fails_the_create(
    laptop: Laptop, failed_name: str, bucket: dict[str, bool], said: str
) -> None:
    name = "airflow-" + next(iter(bucket))
    laptop.make_bucket(name, **bucket)
    assert said in _failure(laptop, failed_name, SourceBucketArn=f"arn:aws:s3:::{name}")


@pytest.mark.usefixtures("environment")
def test_subnets_in_one_zone_fail_the_create(laptop: Laptop, failed_name: str) -> None:
    one_zone = {
        "SubnetIds": [laptop.subnets[0], laptop.subnets[2]],
        "SecurityGroupIds": [laptop.security_group],
    }
    said = _failure(laptop, failed_name, NetworkConfiguration=one_zone)
    assert "must be in different availability zones" in said


@pytest.mark.usefixtures("environment")
def test_a_requirement_from_an_index_fails_the_create_in_subnets_without_a_way_out(
    laptop: Laptop, failed_name: str
) -> None:
    version_id = laptop.put("from-index.txt", f"# -c none\n{PACKAGE}\n")
    said = _failure(
        laptop,
        failed_name,
        RequirementsS3Path="from-index.txt",
        RequirementsS3ObjectVersion=version_id,
    )
    assert PACKAGE in said
    assert "no way to the Internet" in said


@pytest.mark.usefixtures("environment")
def test_a_refused_option_is_a_validation_error(laptop: Laptop) -> None:
    options = {"core.executor": "CeleryExecutor"}
    with pytest.raises(ClientError, match=r"ValidationException.*core\.executor is set by MWAA"):
        laptop.mwaa.create_environment(
            Name="refused", **laptop.request(AirflowConfigurationOptions=options)
        )


def test_a_second_environment_runs_beside_the_first_and_a_delete_leaves_nothing(
    laptop: Laptop, environment: str
) -> None:
    second = "second"
    laptop.mwaa.create_environment(
        Name=second, **laptop.request(EnvironmentClass="mw1.micro", Tags={"a": "b"})
    )
    created = laptop.settled(second)
    assert created["Status"] == "AVAILABLE", created["LastUpdate"]
    assert created["WebserverUrl"] == f"127.0.0.1:{laptop.airflow_port + 10}"
    assert laptop.mwaa.list_tags_for_resource(ResourceArn=created["Arn"])["Tags"] == {"a": "b"}
    wait_until(lambda: laptop.rest("GET", "/dags", name=second)["total_entries"] == 2, seconds=60)
    laptop.mwaa.delete_environment(Name=second)
    wait_until(lambda: laptop.mwaa.list_environments()["Environments"] == [environment], seconds=60)
    assert laptop.airflow_port + 10 not in laptop.listening()
    assert not [c for c in laptop.status().components if c.name.startswith(second)]
    assert not (laptop.home / "environments" / second).exists()
    assert not list((laptop.home / "state" / "environments").glob(f"{second}*"))
