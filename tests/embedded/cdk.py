"""The real `cdk` in a copy of the checkout, and what it leaves in the account."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from infra.local.settings import REPOSITORY
from infra.settings import EnvironmentSettings
from tests.embedded.running import ACCOUNT_ID, REGION, RunningEmulator

CDK = REPOSITORY / "node_modules" / ".bin" / "cdk"


@dataclass(frozen=True)
class Cdk:
    """The command, in a copy of the checkout that a test may change."""

    emulator: RunningEmulator
    checkout: Path
    variables: Mapping[str, str] = field(default_factory=dict)
    """Of the shell that runs it, beside those of the account."""

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
                **self.variables,
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

    def choose(self, *environments: EnvironmentSettings, succeeds: bool = True) -> str:
        """Have these environments and no other, of which the last one is synthesized."""
        file = self.checkout / "infra" / "environments.py"
        texts = [each.model_dump_json() for each in environments]
        override = f"map(EnvironmentSettings.model_validate_json, {texts!r})"
        file.write_text(
            (REPOSITORY / "infra" / "environments.py").read_text()
            + f"\nENVIRONMENTS = {{each.name: each for each in {override}}}\n"
        )
        shutil.rmtree(self.checkout / "cdk.out", ignore_errors=True)
        chosen = f"--context=environment={environments[-1].name}"
        return self.run("synth", "--quiet", chosen, succeeds=succeeds)

    @classmethod
    def in_a_copy(cls, emulator: RunningEmulator, checkout: Path) -> Cdk:
        """Copy the checkout to `checkout`, and bootstrap the account of `emulator`."""
        caches = shutil.ignore_patterns("__pycache__")
        for folder in ("dags", "infra", "plugins", "requirements"):
            shutil.copytree(REPOSITORY / folder, checkout / folder, ignore=caches)
        for file in ("app.py", "cdk.json"):
            shutil.copy(REPOSITORY / file, checkout)
        for tools in (".tools", ".venv"):
            (checkout / tools).symlink_to(REPOSITORY / tools)
        command = cls(emulator, checkout)
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
        "flow logs": ec2.describe_flow_logs()["FlowLogs"],
        "environments": emulator.client("mwaa").list_environments()["Environments"],
        "functions": lambda_.list_functions()["Functions"],
        "grants": emulator.client("lakeformation").list_permissions()[
            "PrincipalResourcePermissions"
        ],
        "gateways": [
            item
            for item in ec2.describe_internet_gateways()["InternetGateways"]
            if any(at["VpcId"] not in default_vpcs for at in item["Attachments"])
        ],
        "groups": of_vpcs(ec2.describe_security_groups()["SecurityGroups"], "GroupId"),
        "keys": [key["KeyId"] for key in keys if key["KeyState"] != "PendingDeletion"],
        "layers": lambda_.list_layers()["Layers"],
        "locations": emulator.client("lakeformation").list_resources()["ResourceInfoList"],
        "log groups": [group["logGroupName"] for group in logs.describe_log_groups()["logGroups"]],
        "named queries": emulator.client("athena").list_named_queries()["NamedQueryIds"],
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
