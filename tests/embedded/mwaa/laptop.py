"""A laptop of the tests' own: a supervisor with its home, ports, and an account to deploy into."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import httpx
import psutil
from aws_cdk import Aws
from aws_cdk.aws_iam import PolicyStatement
from botocore.config import Config

from infra.local.settings import REPOSITORY
from infra.local.supervisor.processes import find_marked, home_marker
from infra.local.supervisor.status import SupervisorStatus
from tests.embedded.running import free_port

if TYPE_CHECKING:
    from mypy_boto3_mwaa import MWAAClient

BUCKET = "airflow-bucket"
ROOT_KEY = "test"
OTHER_BUCKET = "somebody-elses-bucket"
ROLE = "airflow-role"
ACCOUNT = "123456789012"
BUSY = ("CREATING", "UPDATING", "DELETING", "UNAVAILABLE")
PRINCIPALS = ("airflow.amazonaws.com", "airflow-env.amazonaws.com")


@dataclass
class Laptop:
    """Starts, kills and starts again a supervisor; `person` is what its shell has set."""

    home: Path
    person: dict[str, str]
    aws_port: int = field(default_factory=free_port)
    supervisor_port: int = field(default_factory=free_port)
    airflow_port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None
    subnets: list[str] = field(default_factory=list)
    security_group: str = ""
    _clients: dict[str, Any] = field(default_factory=dict)

    def spawn(self) -> subprocess.Popen[bytes]:
        """Start a supervisor's process, without waiting for it."""
        settings = {
            "LAKE_HOME": str(self.home),
            "LAKE_AWS_PORT": str(self.aws_port),
            "LAKE_SUPERVISOR_PORT": str(self.supervisor_port),
            "LAKE_AIRFLOW_PORT": str(self.airflow_port),
            "LAKE_SYNC_SECONDS": "1",
        }
        return subprocess.Popen(
            [sys.executable, "-m", "infra.local.supervisor"],
            cwd=REPOSITORY,
            env={**os.environ, **self.person, **settings},
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )

    def start(self) -> None:
        self.process = self.spawn()
        wait_until(lambda: self.status().ready, seconds=60)

    def end(self, number: signal.Signals = signal.SIGTERM) -> None:
        assert self.process
        self.process.send_signal(number)
        self.process.wait(timeout=60)

    def status(self) -> SupervisorStatus:
        """Raises httpx.HTTPError while the supervisor does not answer."""
        token = self.home / "state" / "status-token"
        if not token.exists():
            raise httpx.ConnectError("no token yet")
        answer = httpx.get(
            f"http://127.0.0.1:{self.supervisor_port}/status",
            headers={"Authorization": f"Bearer {token.read_text()}"},
        )
        return SupervisorStatus.model_validate_json(answer.raise_for_status().content)

    def pid(self, component: str) -> int | None:
        return next((c.pid for c in self.status().components if c.name == component), None)

    def processes(self) -> list[int]:
        """What runs of this laptop, zombies not counted."""
        return [process.pid for process in find_marked(home_marker(self.home))]

    def listening(self) -> list[int]:
        """Which of the laptop's ports somebody listens on."""
        connections = psutil.net_connections("tcp")
        ports = {c.laddr.port for c in connections if c.laddr and c.status == psutil.CONN_LISTEN}
        own = {self.aws_port, self.supervisor_port, self.airflow_port, self.airflow_port + 10}
        return sorted(ports & own)

    def client(self, service: str) -> Any:
        """A client with the rights of root, made once: making one takes a while."""
        if service not in self._clients:
            self._clients[service] = self._make_client(service)
        return self._clients[service]

    def _make_client(self, service: str, key_id: str = ROOT_KEY, secret: str = ROOT_KEY) -> Any:
        session = boto3.session.Session(key_id, secret, region_name="us-east-1")
        return session.client(
            service,  # type: ignore[call-overload]  # the name is not a literal here
            endpoint_url=f"http://127.0.0.1:{self.aws_port}",
            config=Config(inject_host_prefix=False, retries={"total_max_attempts": 1}),
        )

    @property
    def mwaa(self) -> MWAAClient:
        client: MWAAClient = self.client("mwaa")
        return client

    def make_account(self) -> None:
        """A VPC, the Airflow bucket with somebody else's beside it, and the execution role."""
        ec2 = self.client("ec2")
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        self.subnets = [
            ec2.create_subnet(
                VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"us-east-1{zone}"
            )["Subnet"]["SubnetId"]
            for n, zone in enumerate("aba")
        ]
        self.security_group = ec2.create_security_group(
            GroupName="airflow", Description="Airflow", VpcId=vpc
        )["GroupId"]
        self.make_bucket(BUCKET)
        self.client("s3").create_bucket(Bucket=OTHER_BUCKET)
        self.make_role(ROLE, *PRINCIPALS)

    def make_bucket(self, name: str, *, versioned: bool = True, private: bool = True) -> None:
        s3 = self.client("s3")
        s3.create_bucket(Bucket=name)
        if versioned:
            s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        flags = (
            "BlockPublicAcls",
            "IgnorePublicAcls",
            "BlockPublicPolicy",
            "RestrictPublicBuckets",
        )
        s3.put_public_access_block(
            Bucket=name, PublicAccessBlockConfiguration=dict.fromkeys(flags, private)
        )

    def make_role(self, name: str, *principals: str) -> None:
        trust = {"Effect": "Allow", "Principal": {"Service": list(principals)}}
        reads = {
            "Effect": "Allow",
            "Action": ["s3:GetObject*", "s3:GetBucket*", "s3:List*"],
            "Resource": ["arn:aws:s3:::airflow-*", "arn:aws:s3:::airflow-*/*"],
        }
        iam = self.client("iam")
        iam.create_role(
            RoleName=name,
            AssumeRolePolicyDocument=json.dumps(
                {"Version": "2012-10-17", "Statement": [{**trust, "Action": "sts:AssumeRole"}]}
            ),
        )
        iam.put_role_policy(
            RoleName=name,
            PolicyName="reads",
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [reads]}),
        )

    def allow(self, role: str, statements: list[PolicyStatement]) -> None:
        """Give the role what a stack would, of this account and region."""
        text = json.dumps([statement.to_statement_json() for statement in statements])
        tokens = {Aws.PARTITION: "aws", Aws.REGION: "us-east-1", Aws.ACCOUNT_ID: ACCOUNT}
        for token, value in tokens.items():
            text = text.replace(token, value)
        document = {"Version": "2012-10-17", "Statement": json.loads(text)}
        self.client("iam").put_role_policy(
            RoleName=role, PolicyName="secrets", PolicyDocument=json.dumps(document)
        )

    def viewer(self, environment: str) -> MWAAClient:
        """A client of a user who may use Airflow as a viewer."""
        iam = self.client("iam")
        iam.create_user(UserName="viewer")
        allowed = {
            "Effect": "Allow",
            "Action": "airflow:InvokeRestApi",
            "Resource": f"arn:aws:airflow:us-east-1:{ACCOUNT}:role/{environment}/Viewer",
        }
        iam.put_user_policy(
            UserName="viewer",
            PolicyName="views",
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [allowed]}),
        )
        key = iam.create_access_key(UserName="viewer")["AccessKey"]
        client: MWAAClient = self._make_client("mwaa", key["AccessKeyId"], key["SecretAccessKey"])
        return client

    def put(self, key: str, body: str | bytes) -> str:
        """Put an object into the Airflow bucket; its version."""
        content = body.encode() if isinstance(body, str) else body
        version: str = self.client("s3").put_object(Bucket=BUCKET, Key=key, Body=content)[
            "VersionId"
        ]
        return version

    def versions(self) -> set[tuple[str, str]]:
        """Key and version of every object of the Airflow bucket."""
        pages = self.client("s3").get_paginator("list_object_versions").paginate(Bucket=BUCKET)
        return {(each["Key"], each["VersionId"]) for page in pages for each in page["Versions"]}

    def request(self, **changes: Any) -> dict[str, Any]:
        """A request of CreateEnvironment for this account."""
        return {
            "ExecutionRoleArn": f"arn:aws:iam::{ACCOUNT}:role/{ROLE}",
            "SourceBucketArn": f"arn:aws:s3:::{BUCKET}",
            "DagS3Path": "dags",
            "NetworkConfiguration": {
                "SubnetIds": self.subnets[:2],
                "SecurityGroupIds": [self.security_group],
            },
            "MaxWorkers": 1,
            **changes,
        }

    def environment(self, name: str) -> dict[str, Any]:
        document: dict[str, Any] = self.client("mwaa").get_environment(Name=name)["Environment"]
        return document

    def settled(self, name: str) -> dict[str, Any]:
        """The environment when its operation has ended."""
        wait_until(lambda: self.environment(name)["Status"] not in BUSY, seconds=300)
        return self.environment(name)

    def rest(self, method: str, path: str, body: Any = None, name: str = "lake-test") -> Any:
        """One call of Airflow's REST API through InvokeRestApi."""
        call = {"Name": name, "Method": method, "Path": path}
        if body is not None:
            call["Body"] = body
        return self.client("mwaa").invoke_rest_api(**call)["RestApiResponse"]

    def run(self, dag_id: str, *, seconds: float = 120) -> str:
        """Run a DAG to its end; the run's id. Fails when the run does."""
        run = self.rest("POST", f"/dags/{dag_id}/dagRuns", {"logical_date": None})["dag_run_id"]
        path = f"/dags/{dag_id}/dagRuns/{run}"
        wait_until(
            lambda: self.rest("GET", path)["state"] in ("success", "failed"), seconds=seconds
        )
        assert self.rest("GET", path)["state"] == "success", self.task_logs(run)
        return str(run)

    def result(self, dag_id: str, run: str, task: str) -> Any:
        """What a task returned."""
        path = f"/dags/{dag_id}/dagRuns/{run}/taskInstances/{task}/xcomEntries/return_value"
        return self.rest("GET", path)["value"]

    def task_logs(self, run: str) -> str:
        logs = self.home / "environments" / "lake-test" / "logs"
        return "\n".join(path.read_text() for path in logs.rglob(f"*{run}*/**/*.log"))


def wait_until(condition: Callable[[], object], *, seconds: float) -> None:
    """Return when `condition` is true; errors of the connection count as false."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            if condition():
                return
        except httpx.HTTPError:
            pass
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s"
        time.sleep(0.2)


def zipped(**files: str) -> bytes:
    """A zip file of `files`."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()
