"""Deploys after the first: nothing, a DAG, requirements, a contradiction; then the end."""

from __future__ import annotations

import socket
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from infra.local.supervisor.processes import find_marked, home_marker
from tests.deployed_lake import wait_for

from .conftest import PARSED_WITHIN_SECONDS, Lab, changed

pytestmark = pytest.mark.e2e


def mwaa_environment(lab: Lab) -> dict[str, Any]:
    return dict(lab.client("mwaa").get_environment(Name="lake-dev")["Environment"])


def test_after_a_deploy_there_are_no_differences(lab: Lab) -> None:
    done = lab.cdk("diff", "--fail")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "Number of stacks with differences: 0" in done.stdout + done.stderr


def test_a_changed_dag_is_parsed_soon_and_leaves_the_environment_untouched(lab: Lab) -> None:
    before = mwaa_environment(lab)
    quotes = lab.root / "dags" / "datasets" / "market" / "quotes.yaml"

    with changed(quotes, "owner: market-data", "owner: somebody-else"):
        lab.deploy()
        started = time.monotonic()
        wait_for(
            lambda: "somebody-else" in lab.airflow("GET", "/dags/market_quotes")["owners"],
            timeout_seconds=PARSED_WITHIN_SECONDS,
            what="the changed DAG in Airflow",
        )

    print(f"parsed {time.monotonic() - started:.1f} s after the deploy")
    assert mwaa_environment(lab) == before


def test_a_deleted_dag_leaves_airflow_and_a_second_one_comes_and_goes(lab: Lab) -> None:
    copy = lab.root / "dags" / "datasets" / "market" / "other.yaml"
    copy.write_text((copy.parent / "quotes.yaml").read_text().replace("market/quotes/", "other/"))
    lab.deploy()
    wait_for(
        lambda: dag_ids(lab) == expected_dag_ids(lab),
        timeout_seconds=PARSED_WITHIN_SECONDS,
        what="the DAGs of the new data set",
    )
    assert "market_other" in dag_ids(lab)

    copy.unlink()
    lab.deploy()

    wait_for(
        lambda: dag_ids(lab) == expected_dag_ids(lab),
        timeout_seconds=60,
        what="the deleted DAGs to go",
    )


def expected_dag_ids(lab: Lab) -> set[str]:
    dags = lab.root / "dags"
    tables = {f"{path.parent.name}_{path.stem}" for path in dags.glob("datasets/*/*.yaml")}
    domains = {path.parent.name for path in dags.glob("models/*/*.sql")}
    loads = {f"{table}{kind}" for table in tables for kind in ("", "_backfill", "_maintenance")}
    models = {
        f"{domain}_models{target}{kind}"
        for domain in domains
        for target in ("", "_redshift")
        for kind in ("", "_backfill")
    }
    return loads | models | {f"{domain}_models_maintenance" for domain in domains}


def dag_ids(lab: Lab) -> set[str]:
    return {dag["dag_id"] for dag in lab.airflow("GET", "/dags")["dags"]}


def test_a_requirement_that_contradicts_the_image_fails_the_deploy_with_the_conflict(
    lab: Lab,
) -> None:
    requirements = lab.root / "requirements" / "requirements.txt"
    with changed(requirements, "awswrangler==", "celery==5.5.0\nawswrangler=="):
        done = lab.cdk("deploy", "--all", "--require-approval", "never", "--ci")

    said = done.stdout + done.stderr
    assert done.returncode != 0
    assert "celery==5.5.0" in said
    assert "celery==5.6.3" in said
    assert mwaa_environment(lab)["Status"] == "AVAILABLE"
    assert dag_ids(lab) == expected_dag_ids(lab), "the old Airflow never stopped"


def test_changed_requirements_update_the_environment(lab: Lab) -> None:
    lab.deploy()
    before = mwaa_environment(lab)
    requirements = lab.root / "requirements" / "requirements.txt"

    with changed(requirements, "awswrangler==", "cowsay==6.1\nawswrangler=="):
        lab.deploy()

        after = mwaa_environment(lab)
        assert after["Status"] == "AVAILABLE"
        assert after["RequirementsS3ObjectVersion"] != before["RequirementsS3ObjectVersion"]
        installed = list(lab.settings.home.glob("**/site-packages/cowsay"))
        assert installed, "the requirement is there"
    lab.deploy()


def test_destroy_leaves_nothing_but_keys_pending_deletion(lab: Lab) -> None:
    done = lab.cdk("destroy", "--all", "--force")

    assert done.returncode == 0, done.stdout + done.stderr
    assert left(lab) == {}
    keys = lab.client("kms")
    states = {
        keys.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["KeyState"]
        for key in keys.list_keys()["Keys"]
        if "lake" in keys.describe_key(KeyId=key["KeyId"])["KeyMetadata"].get("Description", "")
    }
    assert states <= {"PendingDeletion"}
    status = lab.lake("status").stdout
    assert "scheduler" not in status, "Airflow is gone"


def left(lab: Lab) -> dict[str, list[str]]:
    """What still has the environment's name, by kind."""
    ec2, logs = lab.client("ec2"), lab.client("logs")
    stacks = lab.client("cloudformation").describe_stacks()["Stacks"]
    named = {
        "stacks": [s["StackName"] for s in stacks],
        "buckets": [b["Name"] for b in lab.client("s3").list_buckets()["Buckets"]],
        "databases": [d["Name"] for d in lab.client("glue").get_databases()["DatabaseList"]],
        "work groups": [w["Name"] for w in lab.client("athena").list_work_groups()["WorkGroups"]],
        "roles": [r["RoleName"] for r in lab.client("iam").list_roles()["Roles"]],
        "log groups": [g["logGroupName"] for g in logs.describe_log_groups()["logGroups"]],
        "functions": [
            f["FunctionName"] for f in lab.client("lambda").list_functions()["Functions"]
        ],
        "environments": lab.client("mwaa").list_environments()["Environments"],
        "aliases": [a["AliasName"] for a in lab.client("kms").list_aliases()["Aliases"]],
    }
    found = {
        kind: [name for name in names if "lake-dev" in name or "lake_dev" in name]
        for kind, names in named.items()
    }
    found["NAT gateways"] = [
        nat["NatGatewayId"]
        for nat in ec2.describe_nat_gateways()["NatGateways"]
        if nat["State"] not in {"deleted", "deleting"}
    ]
    found["addresses"] = [a["AllocationId"] for a in ec2.describe_addresses()["Addresses"]]
    found["VPCs"] = [v["VpcId"] for v in ec2.describe_vpcs()["Vpcs"] if not v.get("IsDefault")]
    return {kind: names for kind, names in found.items() if names}


def test_down_leaves_no_process_and_no_port(lab: Lab) -> None:
    lab.lake("down")

    home = f"LAKE_HOME={lab.settings.home}".encode()
    alive = [p.name for p in Path("/proc").glob("[0-9]*") if home in environment_of(p)]
    assert alive == []
    assert list(find_marked(home_marker(lab.settings.home))) == []
    ports = (lab.settings.aws_port, lab.settings.supervisor_port, lab.settings.airflow_port)
    for port in ports:
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port)) != 0


def environment_of(process: Path) -> bytes:
    with suppress(OSError):  # it ended meanwhile
        return (process / "environ").read_bytes()
    return b""
