"""The operations stack: deployed by the real `cdk`, read back, changed, fired and destroyed."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from lake.metrics import Metrics

from infra.environments import DEV
from infra.local.settings import REPOSITORY
from infra.settings import OperationsSettings, SlackSettings
from tests.embedded.running import ACCOUNT_ID, REGION, Keys, RunningEmulator
from tests.synth.templates import Templates

pytestmark = [pytest.mark.embedded, pytest.mark.synth]

ENVIRONMENT_ARN = f"arn:aws:airflow:{REGION}:{ACCOUNT_ID}:environment/lake-dev"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT_ID}:lake-dev-messages"
ALARM = "lake-dev-quarantine-market_quotes"
ADDRESSES = ("data@example.com", "boss@example.com")


@dataclass(frozen=True)
class Deployment:
    """The environment dev with operations of a test's own, as the real `cdk` deploys it."""

    emulator: RunningEmulator
    folder: Path

    def synthesize(self, **operations: Any) -> Path:
        """Synthesize it; the assembly comes back."""
        settings = DEV.model_copy(update={"operations": OperationsSettings(**operations)})
        outdir = self.folder / f"cdk-{len(list(self.folder.iterdir()))}"
        Templates.synthesize(settings, outdir=outdir)
        return outdir

    def cdk(self, assembly: Path, *arguments: str) -> str:
        """Run the command on what was synthesized; what it printed comes back."""
        done = subprocess.run(
            [REPOSITORY / "node_modules/.bin/cdk", *arguments, "--no-notices", f"--app={assembly}"],
            cwd=self.folder,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(self.folder),
                "AWS_ENDPOINT_URL": self.emulator.endpoint_url,
                "AWS_ACCESS_KEY_ID": "test",
                "AWS_SECRET_ACCESS_KEY": "test",
                "AWS_REGION": REGION,
                "AWS_EC2_METADATA_DISABLED": "true",
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def deploy(self, assembly: Path, *stacks: str) -> str:
        return self.cdk(assembly, "deploy", *stacks, "--require-approval=never")

    def change(self, **operations: Any) -> str:
        """Deploy the operations stack alone, with other settings."""
        assembly = self.synthesize(**operations)
        return self.deploy(assembly, "lake-dev-operations", "--exclusively")

    def alarms(self) -> dict[str, Any]:
        pages = self.emulator.client("cloudwatch").get_paginator("describe_alarms").paginate()
        return {alarm["AlarmName"]: alarm for page in pages for alarm in page["MetricAlarms"]}

    def budgets(self) -> list[Any]:
        api = self.emulator.client("budgets")
        return list(api.describe_budgets(AccountId=ACCOUNT_ID).get("Budgets", []))

    def channels(self) -> list[Any]:
        """The channels of Slack that are told of a topic."""
        api = self.emulator.client("chatbot")
        return list(api.describe_slack_channel_configurations()["SlackChannelConfigurations"])

    def told(self, budget: str) -> dict[tuple[str, float], list[str]]:
        """Whom a budget tells, by what and at which percentage."""
        api, of = self.emulator.client("budgets"), {"AccountId": ACCOUNT_ID, "BudgetName": budget}
        return {
            (each["NotificationType"], each["Threshold"]): [
                subscriber["Address"]
                for subscriber in api.describe_subscribers_for_notification(
                    **of, Notification=each
                )["Subscribers"]
            ]
            for each in api.describe_notifications_for_budget(**of)["Notifications"]
        }

    def messages(self) -> list[dict[str, Any]]:
        """What of the inbox was not taken yet, as SNS wrote it."""
        sqs = self.emulator.client("sqs")
        url = sqs.get_queue_url(QueueName="lake-dev-messages")["QueueUrl"]
        taken = []
        while batch := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            taken += [json.loads(message["Body"]) for message in batch]
            for message in batch:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return taken


@pytest.fixture(scope="module")
def deployment(emulator: RunningEmulator, tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    """The environment with a budget, deployed."""
    found = Deployment(emulator, tmp_path_factory.mktemp("deployment"))
    assembly = found.synthesize(
        quarantine_ratio=0.1, budget_usd_a_month=500, budget_addresses=ADDRESSES
    )
    found.cdk(assembly, "bootstrap", f"aws://{ACCOUNT_ID}/{REGION}")
    found.deploy(assembly, "--all")
    again = found.deploy(assembly, "--all")
    assert again.count("(no changes)") == 4, again
    return found


def wait_for(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(1)


def test_alarms_dashboard_and_budget_are_as_they_were_declared(deployment: Deployment) -> None:
    alarms = deployment.alarms()
    assert {"lake-dev-scheduler-heartbeat", "lake-dev-database-memory", ALARM} <= set(alarms)
    assert all(name.startswith("lake-dev-") for name in alarms)
    heartbeat = alarms["lake-dev-scheduler-heartbeat"]
    assert heartbeat["Dimensions"] == [
        {"Name": "Environment", "Value": "lake-dev"},
        {"Name": "Function", "Value": "Scheduler"},
    ]
    assert (heartbeat["Threshold"], heartbeat["ComparisonOperator"]) == (1, "LessThanThreshold")
    assert (heartbeat["Period"], heartbeat["EvaluationPeriods"]) == (300, 2)
    assert heartbeat["DatapointsToAlarm"] == 2
    assert heartbeat["TreatMissingData"] == "breaching"
    for alarm in alarms.values():
        assert alarm["AlarmActions"] == alarm["OKActions"] == [TOPIC]
    cloudwatch = deployment.emulator.client("cloudwatch")
    tags = cloudwatch.list_tags_for_resource(ResourceARN=heartbeat["AlarmArn"])["Tags"]
    assert {"Key": "lake", "Value": "lake-dev"} in tags
    body = json.loads(cloudwatch.get_dashboard(DashboardName="lake-dev")["DashboardBody"])
    assert set(body["widgets"][0]["properties"]["alarms"]) == {
        alarm["AlarmArn"] for alarm in alarms.values()
    }

    (budget,) = deployment.budgets()
    assert budget["BudgetLimit"] == {"Amount": "500", "Unit": "USD"}
    assert budget["CostFilters"] == {"TagKeyValue": ["user:lake$lake-dev"]}
    assert deployment.told(budget["BudgetName"]) == {
        ("FORECASTED", 80.0): list(ADDRESSES),
        ("ACTUAL", 100.0): list(ADDRESSES),
    }


def test_bad_records_raise_the_alarm_of_their_data_set_alone_and_a_message_says_so(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Measured under the role of the environment, as its tasks do."""
    stacks = deployment.emulator.client("cloudformation").describe_stacks(
        StackName="lake-dev-airflow"
    )
    outputs = {each["OutputKey"]: each["OutputValue"] for each in stacks["Stacks"][0]["Outputs"]}
    keys = deployment.emulator.assume(
        outputs["ExecutionRoleArn"], service="airflow.amazonaws.com", source_arn=ENVIRONMENT_ARN
    )
    as_caller(deployment, keys, monkeypatch)
    metrics = Metrics(namespace="MwaaLake", environment="lake-dev")
    deployment.messages()
    assert metrics.publish("market_quotes", {"RowsLoaded": 3, "QuarantineRatio": 0.25})
    assert deployment.alarms()[ALARM]["StateValue"] == "ALARM"
    (message,) = deployment.messages()
    assert message["Subject"] == f'ALARM: "{ALARM}" in {REGION}'
    assert json.loads(message["Message"])["NewStateValue"] == "ALARM"

    assert metrics.publish("retail_orders", {"QuarantineRatio": 0.0})
    states = {name: alarm["StateValue"] for name, alarm in deployment.alarms().items()}
    assert states[ALARM] == "ALARM"
    assert states["lake-dev-quarantine-retail_orders"] == "OK"
    assert states["lake-dev-quarantine-web_events"] == "INSUFFICIENT_DATA"
    assert states["lake-dev-scheduler-heartbeat"] == "INSUFFICIENT_DATA"  # was never measured


def as_caller(deployment: Deployment, keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable, value in {
        "AWS_ENDPOINT_URL": deployment.emulator.endpoint_url,
        "AWS_ACCESS_KEY_ID": keys.access_key_id,
        "AWS_SECRET_ACCESS_KEY": keys.secret_access_key,
        "AWS_SESSION_TOKEN": keys.session_token or "",
        "AWS_DEFAULT_REGION": REGION,
    }.items():
        monkeypatch.setenv(variable, value)
    boto3.setup_default_session()


def test_a_better_run_ends_it_once_the_bad_one_is_five_minutes_old(
    deployment: Deployment,
) -> None:
    cloudwatch, name = deployment.emulator.client("cloudwatch"), "lake-dev-quarantine-web_events"

    def measure(ratio: float, *, seconds_ago: float) -> None:
        datum: dict[str, Any] = {
            "MetricName": "QuarantineRatio",
            "Dimensions": [
                {"Name": "Environment", "Value": "lake-dev"},
                {"Name": "DataSet", "Value": "web_events"},
            ],
            "Value": ratio,
            "Timestamp": time.time() - seconds_ago,
        }
        cloudwatch.put_metric_data(Namespace="MwaaLake", MetricData=[datum])

    def is_over() -> bool:
        measure(0.0, seconds_ago=0)
        return bool(deployment.alarms()[name]["StateValue"] == "OK")

    measure(0.5, seconds_ago=270)
    assert deployment.alarms()[name]["StateValue"] == "ALARM"
    deployment.messages()
    wait_for(is_over, f"{name} is not over")
    assert [message["Subject"] for message in deployment.messages()] == [
        f'OK: "{name}" in {REGION}'
    ]


def test_a_threshold_changes_in_place(deployment: Deployment) -> None:
    before = deployment.alarms()[ALARM]
    cloudwatch = deployment.emulator.client("cloudwatch")
    dashboard = cloudwatch.get_dashboard(DashboardName="lake-dev")["DashboardBody"]
    (budget,) = deployment.budgets()
    deployment.change(quarantine_ratio=0.2, budget_usd_a_month=900, budget_addresses=ADDRESSES)
    after = deployment.alarms()[ALARM]
    assert (before["Threshold"], after["Threshold"]) == (0.1, 0.2)
    assert after["AlarmArn"] == before["AlarmArn"]
    assert dashboard == cloudwatch.get_dashboard(DashboardName="lake-dev")["DashboardBody"]
    (changed,) = deployment.budgets()
    assert changed["BudgetName"] == budget["BudgetName"]
    assert changed["BudgetLimit"]["Amount"] == "900"


def test_other_addresses_make_another_budget_in_the_place_of_the_first(
    deployment: Deployment,
) -> None:
    (before,) = deployment.budgets()
    deployment.change(budget_usd_a_month=900, budget_addresses=ADDRESSES[:1])
    (after,) = deployment.budgets()
    assert after["BudgetName"] != before["BudgetName"]
    everybody = {address for to in deployment.told(after["BudgetName"]).values() for address in to}
    assert everybody == {ADDRESSES[0]}


def test_a_channel_of_slack_is_told_of_the_topic_and_may_look_at_alarms_alone(
    deployment: Deployment,
) -> None:
    deployment.change(slack=SlackSettings(workspace_id="T0123ABCD", channel_id="C0123ABCD"))
    (made,) = deployment.channels()
    assert (made["SlackTeamId"], made["SlackChannelId"]) == ("T0123ABCD", "C0123ABCD")
    assert made["SnsTopicArns"] == [TOPIC]
    iam = deployment.emulator.client("iam")
    (guardrail,) = made["GuardrailPolicyArns"]
    role = made["IamRoleArn"].rpartition("/")[2]
    (attached,) = iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
    assert attached["PolicyArn"] == guardrail
    decided = iam.simulate_principal_policy(
        PolicySourceArn=made["IamRoleArn"],
        ActionNames=["cloudwatch:DescribeAlarms", "cloudwatch:DeleteAlarms", "s3:GetObject"],
    )["EvaluationResults"]
    assert [each["EvalDecision"] for each in decided] == ["allowed", "implicitDeny", "implicitDeny"]

    deployment.change(slack=SlackSettings(workspace_id="T0123ABCD", channel_id="C9999ABCD"))
    (moved,) = deployment.channels()
    assert moved == made | {"SlackChannelId": "C9999ABCD"}


def test_what_is_no_longer_asked_for_is_gone(deployment: Deployment) -> None:
    deployment.change(alarms=False)
    assert deployment.alarms() == {}
    assert deployment.channels() == []
    assert deployment.budgets() == []
    cloudwatch = deployment.emulator.client("cloudwatch")
    entries = cloudwatch.list_dashboards()["DashboardEntries"]
    assert [entry["DashboardName"] for entry in entries] == ["lake-dev"]


def test_a_destroy_leaves_none(deployment: Deployment) -> None:
    assembly = deployment.synthesize(budget_usd_a_month=500, budget_addresses=ADDRESSES)
    deployment.deploy(assembly, "lake-dev-operations", "--exclusively")
    assert deployment.alarms() and deployment.budgets()
    deployment.cdk(assembly, "destroy", "--all", "--force")
    assert deployment.alarms() == {}
    assert deployment.budgets() == []
    assert deployment.emulator.client("cloudwatch").list_dashboards()["DashboardEntries"] == []
