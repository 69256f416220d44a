"""The stack `lake-delivery`, deployed by the real `cdk`: what tokens of GitHub's open."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.local.settings import REPOSITORY
from tests.embedded.running import ACCOUNT_ID, REGION, Keys, RunningEmulator

pytestmark = [pytest.mark.embedded, pytest.mark.synth]

GITHUB = "token.actions.githubusercontent.com"
IAM = f"arn:aws:iam::{ACCOUNT_ID}"


@pytest.fixture(scope="module")
def delivered(
    emulator: RunningEmulator, tmp_path_factory: pytest.TempPathFactory
) -> RunningEmulator:
    """The embedded AWS with the stack."""
    folder = tmp_path_factory.mktemp("delivery")
    cdk(emulator, folder, "bootstrap", f"aws://{ACCOUNT_ID}/{REGION}")
    cdk(emulator, folder, "deploy", "--all", "--require-approval=never")
    return emulator


def cdk(emulator: RunningEmulator, folder: Path, *arguments: str) -> None:
    app = f"{sys.executable} -m infra.delivery"
    repository = ("-c", "repository=me/my-lake")
    done = subprocess.run(
        [REPOSITORY / "node_modules" / ".bin" / "cdk", *arguments, "--no-notices", "--app", app,
         "--output", str(folder / "cdk.out"), *repository],
        cwd=REPOSITORY,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "AWS_ENDPOINT_URL": emulator.endpoint_url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
        },
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def token(subject: str, *, audience: str = "sts.amazonaws.com") -> str:
    """As GitHub makes it, but for the signature, which the embedded AWS does not check."""
    claims = {"iss": f"https://{GITHUB}", "aud": audience, "sub": subject}
    parts = ({"alg": "RS256", "typ": "JWT"}, claims)
    encoded = (base64.urlsafe_b64encode(json.dumps(part).encode()).decode() for part in parts)
    return ".".join([*(part.rstrip("=") for part in encoded), "unsigned"])


def assume(emulator: RunningEmulator, role: str, *claims: str, **more: str) -> Keys:
    answer = emulator.client("sts").assume_role_with_web_identity(
        RoleArn=f"{IAM}:role/lake-delivery-{role}",
        RoleSessionName="a-job",
        WebIdentityToken=token(*claims, **more),
    )["Credentials"]
    return Keys(answer["AccessKeyId"], answer["SecretAccessKey"], answer["SessionToken"])


def assumes(emulator: RunningEmulator, keys: Keys, kind: str) -> bool:
    """Whether a session may assume a role that `cdk bootstrap` made."""
    role = f"{IAM}:role/cdk-hnb659fds-{kind}-role-{ACCOUNT_ID}-{REGION}"
    try:
        emulator.client("sts", keys).assume_role(RoleArn=role, RoleSessionName="cdk")
    except ClientError as error:
        assert error.response["Error"]["Code"] == "AccessDenied"
        return False
    return True


def test_provider_and_trust_are_what_the_template_says(delivered: RunningEmulator) -> None:
    iam = delivered.client("iam")
    arn = f"{IAM}:oidc-provider/{GITHUB}"

    provider = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    assert provider["ClientIDList"] == ["sts.amazonaws.com"]
    trust = iam.get_role(RoleName="lake-delivery-prod")["Role"]["AssumeRolePolicyDocument"]
    (only,) = trust["Statement"]
    assert only["Principal"] == {"Federated": arn}
    assert only["Condition"]["StringEquals"] == {
        f"{GITHUB}:aud": "sts.amazonaws.com",
        f"{GITHUB}:sub": "repo:me/my-lake:environment:prod",
    }


def test_a_job_of_the_github_environment_assumes_its_role(delivered: RunningEmulator) -> None:
    keys = assume(delivered, "prod", "repo:me/my-lake:environment:prod")

    caller = delivered.client("sts", keys).get_caller_identity()
    assert caller["Arn"].endswith("assumed-role/lake-delivery-prod/a-job")
    assert all(assumes(delivered, keys, kind) for kind in ("deploy", "file-publishing", "lookup"))
    refused: Any
    for refused in ("list_roles", "list_users"):
        with pytest.raises(ClientError, match="AccessDenied"):
            getattr(delivered.client("iam", keys), refused)()


@pytest.mark.parametrize(
    "subject",
    [
        "repo:me/my-lake:environment:dev",
        "repo:me/my-lake:ref:refs/heads/main",
        "repo:me/my-lake:pull_request",
        "repo:you/my-lake:environment:prod",
        "repo:me/my-lake-2:environment:prod",
    ],
)
def test_no_other_job_assumes_it(delivered: RunningEmulator, subject: str) -> None:
    with pytest.raises(ClientError, match="AccessDenied"):
        assume(delivered, "prod", subject)


def test_a_token_for_somebody_else_opens_nothing(delivered: RunningEmulator) -> None:
    with pytest.raises(ClientError, match="AccessDenied"):
        assume(delivered, "prod", "repo:me/my-lake:environment:prod", audience="https://me")


def test_a_pull_request_may_look_and_not_deploy(delivered: RunningEmulator) -> None:
    keys = assume(delivered, "pull-request", "repo:me/my-lake:pull_request")

    assert assumes(delivered, keys, "lookup")
    assert not assumes(delivered, keys, "deploy")
    assert not assumes(delivered, keys, "file-publishing")
