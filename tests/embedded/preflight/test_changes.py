"""What `lake changes` says of a deploy, and what the real `cdk deploy` then comes to."""

from __future__ import annotations

import json
from typing import Any

import pytest

from infra.environments import DEV
from infra.preflight.assembly import Assembly
from infra.preflight.changes import check_changes
from infra.preflight.connection import Account
from infra.preflight.result import Outcome
from infra.settings import EnvironmentSettings
from tests.embedded.cdk import Cdk
from tests.embedded.fake_mwaa import FakeMwaa
from tests.embedded.preflight.test_command import lake
from tests.embedded.running import REGION, RunningEmulator

pytestmark = [pytest.mark.embedded, pytest.mark.synth]

ENVIRONMENT = "changes: lake-dev-airflow/Airflow/Resource"


@pytest.fixture(scope="module")
def cdk(emulator: RunningEmulator, tmp_path_factory: pytest.TempPathFactory) -> Cdk:
    """An environment that is deployed."""
    cdk = Cdk.in_a_copy(emulator, tmp_path_factory.mktemp("checkout"))
    cdk.deploy()
    return cdk


def said(cdk: Cdk, *, allow_replacement: bool = False) -> dict[str, tuple[Outcome, str]]:
    """What is said of a deploy of the templates that were synthesized last."""
    results = check_changes(
        Assembly.read(cdk.checkout / "cdk.out", prefix="lake-dev"),
        account=Account(connect=cdk.emulator.client, region=REGION),
        allow_replacement=allow_replacement,
    )
    return {result.check: (result.outcome, result.found) for result in results}


def with_network(**values: Any) -> EnvironmentSettings:
    return DEV.model_copy(update={"network": DEV.network.model_copy(update=values)})


def test_the_command_finds_nothing_in_what_was_just_deployed(
    cdk: Cdk, emulator: RunningEmulator
) -> None:
    home = emulator.folder / "home"
    done = lake("changes", "dev", "--json", port=cdk.emulator.port, home=home)
    assert done.returncode == 0, done.stderr
    (result,) = json.loads(done.stdout)["results"]
    assert (result["check"], result["outcome"]) == ("changes", "pass")


def test_a_replacement_is_said_before_and_fails_and_the_environment_lives(
    cdk: Cdk, emulator: RunningEmulator, mwaa: FakeMwaa
) -> None:
    cdk.choose(with_network(endpoint_management="CUSTOMER"))
    for allowed in (False, True):
        outcome, found = said(cdk, allow_replacement=allowed)[ENVIRONMENT]
        assert outcome is Outcome.FAIL
        assert "because EndpointManagement changes" in found
        assert "its name is taken" in found

    mwaa.requests.clear()
    printed = cdk.deploy(succeeds=False)
    assert "custom-named resource requires replacing" in printed
    assert "Rename lake-dev and update the stack again" in printed
    (stack,) = emulator.client("cloudformation").describe_stacks(StackName="lake-dev-airflow")[
        "Stacks"
    ]
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert mwaa.environments["lake-dev"]["Status"] == "AVAILABLE"
    assert (mwaa.sent("PUT"), mwaa.sent("DELETE")) == ([], [])


def test_another_network_takes_the_environment_with_it(cdk: Cdk) -> None:
    vpc = DEV.network.vpc.model_copy(update={"cidr": "10.77.0.0/16"})
    cdk.choose(with_network(vpc=vpc))
    lines = said(cdk)
    assert lines[ENVIRONMENT][0] is Outcome.FAIL
    assert "because NetworkConfiguration.SubnetIds changes" in lines[ENVIRONMENT][1]
    assert "changes: lake-dev-network/Network/Vpc/Resource" in lines
