"""`lake sync`: a change below `dags/`, in an environment without a deploy."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError
from lake.dataset import DataSet, DataSetError
from rich.markup import escape

from infra.arriving import ArrivalsRefused, data_sets_on_arrival, refuse_unheard_of
from infra.bundle import Bundle, BundleRefused, build_bundle
from infra.cli.rest import invoke_by
from infra.cli.steps import Failed, console, detail, errors, step
from infra.cli.target import Target
from infra.local.mwaa.model import ConfigurationError
from infra.models import read_models
from infra.settings import EnvironmentSettings
from infra.sync.dag_sources import concerned, dag_sources
from infra.sync.mirror import DagsMirror, Difference
from infra.sync.needs_deploy import arrivals, versioned_parts
from infra.sync.parsing import Parsed, Parsing
from infra.wheels.offline import requirements_for

MARGIN_SECONDS = 3.0
"""For what copies: S3 tells its times in whole seconds, and a copy takes a moment."""
RUNNING = {"AVAILABLE", "UPDATE_FAILED"}
"""The states of an environment whose Airflow runs and that no deploy is changing."""


def sync(
    target: Target,
    *,
    settings: EnvironmentSettings,
    repository: Path,
    dry_run: bool,
    strict: bool,
    timeout_seconds: float,
) -> None:
    """Make `dags/` of the environment what the checkout has, and wait until Airflow parsed it.

    Raises:
        Failed: the checkout is wrong or, with `strict`, has a part that needs a deploy, and nothing
            was changed; or a file cannot be imported or is not parsed in time.
    """
    with _aws_errors(settings):
        environment = target.environment(settings)
        if not dry_run and environment["Status"] not in RUNNING:
            raise Failed(
                f"the environment {settings.prefix} is {environment['Status']}: sync once it is "
                "AVAILABLE"
            )
        options = environment["AirflowConfigurationOptions"]
        with tempfile.TemporaryDirectory(prefix="lake-sync-") as folder:
            bundle, data_sets = checked_bundle(
                repository,
                Path(folder) / "bundle",
                models_on=options.get("lake.models_on", "athena").split(","),
                settings=settings,
            )
            mirror = DagsMirror(
                s3=target.client("s3"),
                bucket=environment["SourceBucketArn"].rpartition(":")[2],
                prefix=environment["DagS3Path"].rstrip("/") + "/",
                folder=bundle.dags,
            )
            difference = mirror.difference()
            _print(difference, mirror, dry_run=dry_run)
            left = [
                *versioned_parts(environment, bundle=bundle, s3=mirror.s3, bucket=mirror.bucket),
                *arrivals(
                    data_sets,
                    landing=options["lake.landing_bucket"],
                    s3=mirror.s3,
                    settings=settings,
                ),
            ]
            for line in left:
                errors.print(f"[yellow]needs a deploy:[/] {escape(line)}")
            if left and strict:
                raise Failed(f"nothing was changed: run `{target.deploy_command}`")
            if dry_run:
                return
            if difference:
                _apply(difference, mirror, settings=settings)
            _wait(difference, mirror, target, settings=settings, timeout_seconds=timeout_seconds)


@contextmanager
def _aws_errors(settings: EnvironmentSettings) -> Iterator[None]:
    """What AWS refuses, and what does not answer, is said in a line."""
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise Failed(f"{error}; run `lake sync {settings.name}` again to finish") from error


def checked_bundle(
    repository: Path, destination: Path, *, models_on: list[str], settings: EnvironmentSettings
) -> tuple[Bundle, list[DataSet]]:
    """Build the bundle, and refuse what `cdk synth` refuses; with the data sets on arrival.

    Raises:
        Failed: says which file is wrong, and how.
    """
    dags = repository / "dags"
    try:
        read_models(dags, targets=models_on)
        data_sets = data_sets_on_arrival(dags / "datasets")
        refuse_unheard_of(data_sets, settings=settings)
        offline = requirements_for(settings.network, repository)
        bundle = build_bundle(repository=repository, destination=destination, offline=offline)
        return bundle, data_sets
    except (
        DataSetError,
        ArrivalsRefused,
        BundleRefused,
        ConfigurationError,
        FileExistsError,
    ) as error:
        raise Failed(f"nothing was changed: {error}") from error


def _print(difference: Difference, mirror: DagsMirror, *, dry_run: bool) -> None:
    if not difference:
        console.print(f"nothing to do: s3://{mirror.bucket}/{mirror.prefix} is as the checkout")
        return
    marks = (("+", difference.added), ("~", difference.changed), ("-", difference.deleted))
    for mark, names in marks:
        for name in names:
            console.print(f"  {mark} {escape(name)}")
    console.print(
        f"{len(difference.added)} added, {len(difference.changed)} changed, "
        f"{len(difference.deleted)} deleted" + (" (not done: --dry-run)" if dry_run else "")
    )


def _apply(difference: Difference, mirror: DagsMirror, *, settings: EnvironmentSettings) -> None:
    with step(f"Syncing s3://{mirror.bucket}/{mirror.prefix}"):
        mirror.apply(difference)
        if other := mirror.difference():
            names = ", ".join((*other.uploaded, *other.deleted))
            raise Failed(
                f"something else, a deploy or another sync, has written meanwhile: {names}; run "
                f"`lake sync {settings.name}` again"
            )


def _wait(
    difference: Difference,
    mirror: DagsMirror,
    target: Target,
    *,
    settings: EnvironmentSettings,
    timeout_seconds: float,
) -> None:
    """Wait for the files that the change concerns; without a change, for every one.

    So the one who runs it again after a kill learns what Airflow says.
    """
    sources = dag_sources(mirror.folder)
    files = concerned(difference, sources) if difference else set(sources)
    copied = timedelta(seconds=target.sync_seconds + MARGIN_SECONDS)
    parsing = Parsing(
        files=files,
        changed={name: sources[name] for name in difference.uploaded if name in sources},
        deleted=[name for name in difference.deleted if name.endswith(".py")],
        since=mirror.last_modified() + copied,
    )
    airflow = partial(invoke_by, target.client("mwaa"), name=settings.prefix)
    with step(f"Waiting until Airflow has parsed {len(files)} DAG files"):
        parsed = parsing.wait(airflow, timeout_seconds=timeout_seconds)
        _report(parsed, parsing, timeout_seconds=timeout_seconds)


def _report(parsed: Parsed, parsing: Parsing, *, timeout_seconds: float) -> None:
    for name, dag_ids in sorted(parsed.dag_ids.items()):
        detail(f"{name}: {', '.join(dag_ids)}")
    for name in sorted(parsed.gone):
        detail(f"{name}: gone")
    for name, error in sorted(parsed.errors.items()):
        errors.print(f"[red]{escape(name)} cannot be imported:[/]\n{escape(error)}")
    said = []
    if parsed.errors:
        said.append(f"{len(parsed.errors)} DAG files cannot be imported")
    if missing := parsing.missing(parsed):
        said.append(
            f"Airflow has not parsed {', '.join(missing)} within {timeout_seconds:.0f} s: see its "
            "DAG processor's log, and whether the file makes a DAG"
        )
    if said:
        raise Failed("; ".join(said))
