"""Clients of the data lake: awswrangler with the rights of the pipeline's role, the AWS CLI."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import awswrangler as wr
import boto3
import pandas as pd
import pytest
from botocore.exceptions import ClientError

from tests.embedded.running import ACCOUNT_ID, REGION, RunningEmulator

pytestmark = pytest.mark.embedded


@pytest.fixture
def pipeline(emulator: RunningEmulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A session of a role that may write one database and one bucket."""
    iam = emulator.client("iam")
    trust = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT_ID}, "Action": "sts:AssumeRole"}
    role = iam.create_role(
        RoleName="pipeline",
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
    )["Role"]
    glue = f"arn:aws:glue:{REGION}:{ACCOUNT_ID}"
    rights = [
        {
            "Effect": "Allow",
            "Action": ["s3:ListBucket", "s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
            "Resource": ["arn:aws:s3:::curated", "arn:aws:s3:::curated/*"],
        },
        {
            "Effect": "Allow",
            "Action": "glue:*",
            "Resource": [f"{glue}:catalog", f"{glue}:database/lake", f"{glue}:table/lake/*"],
        },
    ]
    iam.put_role_policy(
        RoleName="pipeline",
        PolicyName="rights",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": rights}),
    )
    emulator.client("s3").create_bucket(Bucket="curated")
    for database in ("lake", "other"):
        emulator.client("glue").create_database(DatabaseInput={"Name": database})
    keys = emulator.assume(role["Arn"])
    monkeypatch.setenv("AWS_ENDPOINT_URL", emulator.endpoint_url)
    yield boto3.Session(
        aws_access_key_id=keys.access_key_id,
        aws_secret_access_key=keys.secret_access_key,
        aws_session_token=keys.session_token,
        region_name=REGION,
    )
    monkeypatch.undo()


def test_a_table_is_published_and_read_with_the_rights_of_a_role(pipeline: Any) -> None:
    frame = pd.DataFrame({"ticker": ["A", "B", "C"], "price": [1.5, 2.5, 3.5], "day": [1, 1, 2]})
    target = {
        "path": "s3://curated/quotes/",
        "dataset": True,
        "partition_cols": ["day"],
        "mode": "overwrite_partitions",
        "table": "quotes",
        "boto3_session": pipeline,
    }
    for _ in range(2):  # a second run changes nothing
        wr.s3.to_parquet(frame, database="lake", **target)
    partitions = wr.catalog.get_partitions("lake", "quotes", boto3_session=pipeline)
    assert sorted(partitions.values()) == [["1"], ["2"]]
    read = wr.s3.read_parquet("s3://curated/quotes/", dataset=True, boto3_session=pipeline)
    assert sorted(read["ticker"]) == ["A", "B", "C"]
    types = wr.catalog.get_table_types("lake", "quotes", boto3_session=pipeline)
    assert types == {"ticker": "string", "price": "double", "day": "bigint"}
    with pytest.raises(ClientError, match="AccessDenied"):
        wr.s3.to_parquet(frame, database="other", **target)


def test_the_aws_command_works(emulator: RunningEmulator, tmp_path: Path) -> None:
    def aws(*arguments: str) -> str:
        done = subprocess.run(
            [Path(sys.executable).with_name("aws"), *arguments],
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(tmp_path),
                "AWS_ENDPOINT_URL": emulator.endpoint_url,
                "AWS_ACCESS_KEY_ID": "test",
                "AWS_SECRET_ACCESS_KEY": "test",
                "AWS_DEFAULT_REGION": REGION,
            },
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    for name in ("a.txt", "folder/b.txt"):
        file = tmp_path / "files" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name)
    aws("s3", "mb", "s3://by-command")
    aws("s3", "sync", str(tmp_path / "files"), "s3://by-command/in")
    listed = aws("s3", "ls", "--recursive", "s3://by-command")
    assert [line.split()[-1] for line in listed.splitlines()] == ["in/a.txt", "in/folder/b.txt"]
    aws("s3", "rb", "--force", "s3://by-command")
    assert ACCOUNT_ID in aws("sts", "get-caller-identity")
