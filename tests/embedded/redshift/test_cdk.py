"""The product's own stacks with Redshift: deployed by the real `cdk`, used with MWAA's own role."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from infra.environments import DEV
from infra.local.settings import REPOSITORY
from tests.embedded.running import ACCOUNT_ID, REGION, RunningEmulator
from tests.synth.templates import Templates

pytestmark = [pytest.mark.embedded, pytest.mark.synth]

ENVIRONMENT_ARN = f"arn:aws:airflow:{REGION}:{ACCOUNT_ID}:environment/lake-dev"


def cdk(emulator: RunningEmulator, assembly: Path, *arguments: str) -> None:
    """Run the command on what was synthesized."""
    subprocess.run(
        [REPOSITORY / "node_modules/.bin/cdk", *arguments, "--no-notices", f"--app={assembly}"],
        cwd=emulator.folder,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(emulator.folder),
            "AWS_ENDPOINT_URL": emulator.endpoint_url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
        },
        check=True,
    )


def test_mwaas_role_loads_a_table_and_nothing_is_left_in_the_end(
    emulator: RunningEmulator, tmp_path: Path
) -> None:
    Templates.synthesize(DEV.on_redshift(), outdir=tmp_path)
    cdk(emulator, tmp_path, "bootstrap", f"aws://{ACCOUNT_ID}/{REGION}")
    cdk(emulator, tmp_path, "deploy", "--all", "--require-approval=never")
    curated = f"lake-dev-curated-{ACCOUNT_ID}-{REGION}"
    emulator.client("s3").put_object(
        Bucket=curated, Key="music/plays/a.json", Body=b'{"plays": 1}\n{"plays": 2}'
    )
    stacks = emulator.client("cloudformation").describe_stacks(StackName="lake-dev-airflow")
    outputs = {each["OutputKey"]: each["OutputValue"] for each in stacks["Stacks"][0]["Outputs"]}
    keys = emulator.assume(
        outputs["ExecutionRoleArn"], service="airflow.amazonaws.com", source_arn=ENVIRONMENT_ARN
    )
    client = emulator.client("redshift-data", keys)
    sent = client.batch_execute_statement(
        WorkgroupName="lake-dev",
        Database="lake",
        Sqls=[
            "create table plays (plays int)",
            f"copy plays from 's3://{curated}/music/plays/' iam_role default json 'auto'",
            "select sum(plays) from plays",
        ],
        WaitTimeSeconds=30,
    )
    described = client.describe_statement(Id=sent["Id"])
    assert described["Status"] == "FINISHED", described
    assert described["DbUser"] == f"IAMR:{outputs['ExecutionRoleArn'].rpartition('/')[2]}"
    result = client.get_statement_result(Id=f"{sent['Id']}:3")
    assert result["Records"] == [[{"longValue": 3}]]

    cdk(emulator, tmp_path, "destroy", "--all", "--force")
    api = emulator.client("redshift-serverless")
    assert api.list_workgroups()["workgroups"] == api.list_namespaces()["namespaces"] == []
    secrets = emulator.client("secretsmanager").list_secrets()["SecretList"]
    assert not [each["Name"] for each in secrets if each["Name"].startswith("redshift!")]
    assert not list((emulator.folder / "state" / "redshift" / "namespaces").iterdir())
