"""What `lake preflight` reads of the real app."""

from __future__ import annotations

from pathlib import Path

from infra.environments import DEV
from infra.preflight.assembly import synthesize
from infra.preflight.dags import refused_options
from infra.preflight.linters import cdk_nag, policies
from infra.preflight.result import Outcome
from infra.preflight.suppressions import read_suppressions, unsuppressed


def test_the_app_is_synthesized_with_its_bundle_and_every_finding_has_a_reason(
    tmp_path: Path,
) -> None:
    assembly = synthesize(DEV, tmp_path)

    assert len(assembly.templates) == 4
    assert (assembly.bundle.dags / "market_quotes.py").is_file()
    assert assembly.bundle.plugins.is_file()
    (environment,) = assembly.of_type("AWS::MWAA::Environment")
    options = environment.properties["AirflowConfigurationOptions"]
    assert options["lake.landing_bucket"] == "lake-dev-landing-111122223333-us-east-1"
    assert refused_options(options).outcome is Outcome.PASS
    role = dict(policies(assembly))["airflow/Airflow/ExecutionRole/Permissions/Resource"]
    assert all("Fn::" not in str(statement) for statement in role["Statement"])
    findings = list(cdk_nag(assembly))
    assert findings, "the rules have run"
    assert not unsuppressed(findings, read_suppressions(DEV))
