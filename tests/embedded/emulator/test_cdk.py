"""The real `cdk` and the real app: bootstrap, deploy, diff, change, destroy."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from infra.local.settings import REPOSITORY
from tests.embedded.fake_mwaa import FakeMwaa
from tests.embedded.running import ACCOUNT_ID, REGION, RunningEmulator

pytestmark = [pytest.mark.embedded, pytest.mark.synth]

CDK = REPOSITORY / "node_modules" / ".bin" / "cdk"


@dataclass(frozen=True)
class Cdk:
    """The command, in a copy of the checkout that a test may change."""

    emulator: RunningEmulator
    checkout: Path

    def run(self, *arguments: str, succeeds: bool = True) -> str:
        """Run the command; what it printed comes back."""
        done = subprocess.run(
            [CDK, *arguments, "--no-notices"],
            cwd=self.checkout,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(self.emulator.folder),
                "AWS_ENDPOINT_URL": self.emulator.endpoint_url,
                "AWS_ACCESS_KEY_ID": "test",
                "AWS_SECRET_ACCESS_KEY": "test",
                "AWS_REGION": REGION,
                "AWS_EC2_METADATA_DISABLED": "true",
                "CDK_DEFAULT_ACCOUNT": ACCOUNT_ID,
                "CDK_DEFAULT_REGION": REGION,
            },
            capture_output=True,
            text=True,
            check=False,
        )
        printed = done.stdout + done.stderr
        assert (done.returncode == 0) is succeeds, printed
        return printed

    def synthesize(self) -> None:
        self.run("synth", "--quiet")

    def deploy(self, *, succeeds: bool = True) -> str:
        """Deploy what was synthesized."""
        arguments = ("--all", "--require-approval=never", "--app=cdk.out")
        return self.run("deploy", *arguments, succeeds=succeeds)

    def diff(self) -> str:
        return self.run("diff", "--app=cdk.out")

    def destroy(self) -> None:
        self.run("destroy", "--all", "--force", "--app=cdk.out")

    def append(self, file: str, text: str) -> None:
        """Change a file of the checkout, and synthesize again."""
        with (self.checkout / file).open("a") as content:
            content.write(text)
        self.synthesize()


@pytest.fixture(scope="module")
def cdk(emulator: RunningEmulator, tmp_path_factory: pytest.TempPathFactory) -> Cdk:
    checkout = tmp_path_factory.mktemp("checkout")
    caches = shutil.ignore_patterns("__pycache__")
    for folder in ("dags", "infra", "plugins", "requirements"):
        shutil.copytree(REPOSITORY / folder, checkout / folder, ignore=caches)
    for file in ("app.py", "cdk.json"):
        shutil.copy(REPOSITORY / file, checkout)
    (checkout / ".venv").symlink_to(REPOSITORY / ".venv")
    command = Cdk(emulator, checkout)
    command.synthesize()
    command.run("bootstrap", f"aws://{ACCOUNT_ID}/{REGION}", "--app=cdk.out")
    return command


def left_behind(emulator: RunningEmulator) -> dict[str, Any]:
    """What stands in the account, by kind; of keys those that are not pending deletion."""
    ec2, kms, iam = (emulator.client(name) for name in ("ec2", "kms", "iam"))
    lambda_, logs = emulator.client("lambda"), emulator.client("logs")
    keys = [kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"] for key in kms.list_keys()["Keys"]]
    default_vpcs = {vpc["VpcId"] for vpc in ec2.describe_vpcs()["Vpcs"] if vpc["IsDefault"]}

    def of_vpcs(found: list[Any], key: str) -> list[str]:
        return [item[key] for item in found if item.get("VpcId") not in default_vpcs]

    return {
        "addresses": [item["PublicIp"] for item in ec2.describe_addresses()["Addresses"]],
        "alarms": emulator.client("cloudwatch").describe_alarms()["MetricAlarms"],
        "aliases": [
            alias["AliasName"]
            for alias in kms.list_aliases()["Aliases"]
            if not alias["AliasName"].startswith("alias/aws/")
        ],
        "buckets": [item["Name"] for item in emulator.client("s3").list_buckets()["Buckets"]],
        "dashboards": emulator.client("cloudwatch").list_dashboards()["DashboardEntries"],
        "databases": emulator.client("glue").get_databases()["DatabaseList"],
        "endpoints": ec2.describe_vpc_endpoints()["VpcEndpoints"],
        "environments": emulator.client("mwaa").list_environments()["Environments"],
        "functions": lambda_.list_functions()["Functions"],
        "gateways": [
            item
            for item in ec2.describe_internet_gateways()["InternetGateways"]
            if any(at["VpcId"] not in default_vpcs for at in item["Attachments"])
        ],
        "groups": of_vpcs(ec2.describe_security_groups()["SecurityGroups"], "GroupId"),
        "keys": [key["KeyId"] for key in keys if key["KeyState"] != "PendingDeletion"],
        "layers": lambda_.list_layers()["Layers"],
        "log groups": [group["logGroupName"] for group in logs.describe_log_groups()["logGroups"]],
        "nat gateways": [
            item
            for item in ec2.describe_nat_gateways()["NatGateways"]
            if item["State"] != "deleted"
        ],
        "policies": iam.list_policies(Scope="Local")["Policies"],
        "roles": [role["RoleName"] for role in iam.list_roles()["Roles"]],
        "route tables": of_vpcs(ec2.describe_route_tables()["RouteTables"], "RouteTableId"),
        "stacks": [
            stack["StackName"]
            for stack in emulator.client("cloudformation").describe_stacks()["Stacks"]
        ],
        "subnets": of_vpcs(ec2.describe_subnets()["Subnets"], "SubnetId"),
        "vpcs": of_vpcs(ec2.describe_vpcs()["Vpcs"], "VpcId"),
        "work groups": [
            group["Name"] for group in emulator.client("athena").list_work_groups()["WorkGroups"]
        ],
    }


def bundle(emulator: RunningEmulator, environment: dict[str, Any]) -> dict[str, str]:
    """The versions of the objects in the Airflow bucket, by key."""
    bucket = environment["SourceBucketArn"].rpartition(":")[2]
    listed = emulator.client("s3").list_object_versions(Bucket=bucket)["Versions"]
    return {item["Key"]: item["VersionId"] for item in listed if item["IsLatest"]}


def test_the_app_is_deployed_changed_and_destroyed(
    cdk: Cdk, emulator: RunningEmulator, mwaa: FakeMwaa
) -> None:
    bootstrapped = left_behind(emulator)
    assert bootstrapped["stacks"] == ["CDKToolkit"]

    cdk.deploy()
    environment = mwaa.environments["lake-dev"]
    assert environment["Status"] == "AVAILABLE"
    assert "Number of stacks with differences: 0" in cdk.diff()

    began = time.monotonic()
    assert cdk.deploy().count("(no changes)") == 4
    print(f"a deployment without a change took {time.monotonic() - began:.1f} s")
    assert (len(mwaa.sent("PUT")), mwaa.sent("PATCH")) == (1, [])

    written = bundle(emulator, environment)
    cdk.append("dags/lake/__init__.py", "# changed\n")
    assert "Number of stacks with differences: 1" in cdk.diff()
    cdk.deploy()
    assert mwaa.sent("PATCH") == []  # a DAG is synced, the environment untouched
    changed = bundle(emulator, environment)
    assert {key for key in written if changed[key] != written[key]} == {"dags/lake/__init__.py"}

    version = environment["StartupScriptS3ObjectVersion"]
    cdk.append("requirements/startup.sh", "# changed\n")
    cdk.deploy()
    assert len(mwaa.sent("PATCH")) == 1
    assert environment["StartupScriptS3ObjectVersion"] != version

    emulator.kill_and_start()
    assert "Number of stacks with differences: 0" in cdk.diff()
    s3 = emulator.client("s3")
    bucket = environment["SourceBucketArn"].rpartition(":")[2]
    for part in ("Plugins", "Requirements", "StartupScript"):
        read = s3.get_object(
            Bucket=bucket,
            Key=environment[f"{part}S3Path"],
            VersionId=environment[f"{part}S3ObjectVersion"],
        )
        assert read["ContentLength"] == len(read["Body"].read())
    s3.put_object(Bucket=bucket, Key="dags/written-since.py", Body=b"")

    cdk.destroy()
    assert left_behind(emulator) == bootstrapped
    assert mwaa.environments == {}


def test_a_failure_is_printed_with_its_reason_and_mended_by_the_next_deployment(
    cdk: Cdk, emulator: RunningEmulator, mwaa: FakeMwaa
) -> None:
    bootstrapped = left_behind(emulator)
    mwaa.create_error = "requirements could not be installed: pandas==1 contradicts pandas==2"
    assert mwaa.create_error in cdk.deploy(succeeds=False)
    assert mwaa.environments == {}
    mwaa.create_error = None
    cdk.deploy()
    before = mwaa.environments["lake-dev"]["RequirementsS3Path"]
    mwaa.update_error = "the requirements could not be installed"
    cdk.append("requirements/requirements.txt", "# changed\n")
    assert mwaa.update_error in cdk.deploy(succeeds=False)
    mwaa.update_error = None
    cdk.deploy()
    assert mwaa.environments["lake-dev"]["RequirementsS3Path"] != before
    cdk.destroy()
    assert left_behind(emulator) == bootstrapped
