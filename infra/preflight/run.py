"""All checks of an environment, in their order."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from infra.local.settings import REPOSITORY, LocalSettings
from infra.preflight.account import check_account
from infra.preflight.assembly import SynthesisError, synthesize
from infra.preflight.changes import check_changes
from infra.preflight.connection import Account
from infra.preflight.cost import Cost, check_cost, costs
from infra.preflight.dags import check_dags
from infra.preflight.deployed import check_deployed
from infra.preflight.existing_vpc import check_existing_vpc
from infra.preflight.requirements import check_requirements
from infra.preflight.result import Result, failed
from infra.preflight.startup import check_startup
from infra.preflight.suppressions import read_suppressions
from infra.preflight.templates import check_templates
from infra.settings import EnvironmentSettings


def preflight(
    settings: EnvironmentSettings,
    *,
    local: LocalSettings,
    account: Account | None,
    allow_replacement: bool = False,
) -> Iterator[Result]:
    """Check the environment; results come as they are found. `account` is None to ask no AWS."""
    yield from check_requirements(
        REPOSITORY / "requirements" / "requirements.txt",
        repository=REPOSITORY,
        airflow_version=settings.airflow.version,
        private=settings.network.routing == "private",
        local=local,
    )
    yield from check_startup(REPOSITORY / "requirements" / "startup.sh")
    with TemporaryDirectory(prefix="lake-preflight-") as folder:
        try:
            assembly = synthesize(settings, Path(folder))
        except SynthesisError as error:
            yield failed("templates: synthesis", str(error), "mend what it names")
            return
        (environment,) = assembly.of_type("AWS::MWAA::Environment")
        yield from check_dags(
            assembly.bundle,
            options=environment.properties["AirflowConfigurationOptions"],
            airflow_version=settings.airflow.version,
        )
        yield from check_templates(assembly, suppressions=read_suppressions(settings))
        if account:
            yield from check_account(settings, assembly, account=account)
            yield from check_existing_vpc(settings, connect=account.connect)
            yield from check_deployed(settings, connect=account.connect)
            yield from check_changes(assembly, account=account, allow_replacement=allow_replacement)
        yield check_cost(settings, assembly)


def changes(
    settings: EnvironmentSettings, *, account: Account, allow_replacement: bool
) -> list[Result]:
    """What a deploy would do. Raises SynthesisError when there are no templates to read."""
    with TemporaryDirectory(prefix="lake-preflight-") as folder:
        assembly = synthesize(settings, Path(folder))
        return list(check_changes(assembly, account=account, allow_replacement=allow_replacement))


def monthly_costs(settings: EnvironmentSettings) -> list[Cost]:
    """What each resource costs. Raises SynthesisError when there are no templates to read."""
    with TemporaryDirectory(prefix="lake-preflight-") as folder:
        return list(costs(settings, synthesize(settings, Path(folder))))
