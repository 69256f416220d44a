"""`lake`: the lake on this machine, from a shell."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from infra.chosen import UnknownEnvironmentError, environment_settings
from infra.cli import containers, daemon, rehearsal
from infra.cli.aws import print_exports
from infra.cli.backfill import backfill_archive, backfill_days, day_dag
from infra.cli.cdk import cdk
from infra.cli.changes import refuse_losses
from infra.cli.compose import compose
from infra.cli.db import AVAILABLE_TIMEOUT_SECONDS, db
from infra.cli.demo import demo as run_demo
from infra.cli.demo_warehouse import demo_warehouse
from infra.cli.environment import DeployedEnvironment, wait_until_available
from infra.cli.landing import DAGS, find_data_set
from infra.cli.landing import put as put_files
from infra.cli.ledger import recent_runs
from infra.cli.messages import print_messages, read_messages
from infra.cli.queries import named_query, print_queries
from infra.cli.query import print_answer, query_redshift
from infra.cli.query import query as run_query
from infra.cli.replay import export as export_quarantine
from infra.cli.replay import read_mended
from infra.cli.replay import replay as order_replay
from infra.cli.runs import Runs, patience_with
from infra.cli.settings import local_settings
from infra.cli.steps import Failed, console, errors, step
from infra.cli.target import find_target
from infra.local.settings import REPOSITORY, LocalSettings
from infra.local.supervisor.lock import running_pid
from infra.settings import EnvironmentSettings, SettingsRefused

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    help="The lake on this machine: the AWS embedded here, its Airflow, and the tables.\n\n"
    "Ports and folders are set by LAKE_AWS_PORT, LAKE_SUPERVISOR_PORT, LAKE_AIRFLOW_PORT "
    "and LAKE_HOME.",
)

app.add_typer(rehearsal.requirements, name="requirements")
app.add_typer(rehearsal.startup, name="startup")
app.add_typer(compose, name="compose")
app.add_typer(db, name="db")

Environment = Annotated[
    str, typer.Option("--environment", "-e", help="An environment of infra/environments.py.")
]


AllowReplacement = Annotated[
    bool,
    typer.Option("--allow-replacement", help="Even where a change loses data (docs/upgrade.md)."),
]


@app.command()
def up(
    environment: Environment = "dev",
    redshift: Annotated[
        bool, typer.Option(help="With Redshift, and the models on it (docs/redshift.md).")
    ] = False,
    allow_replacement: AllowReplacement = False,
) -> None:
    """Start the embedded AWS and deploy the environment to it with the real `cdk`.

    What stands is reused: the second time, a deploy without a change.
    """
    settings = local_settings()
    target = environment_settings(environment)
    templates = str(settings.home / "cdk.out" / environment)
    context = ["-c", f"environment={environment}", *(["-c", "redshift=true"] if redshift else [])]
    with ThreadPoolExecutor(1) as background:
        synthesis = background.submit(
            cdk, "synth", "--quiet", "--output", templates, *context, settings=settings
        )
        with step("Starting the embedded AWS"):
            daemon.start(settings)
        with step("cdk bootstrap"):
            # Away from cdk.json: with the account given, there is nothing to synthesize.
            account = f"aws://{settings.account_id}/{settings.region}"
            cdk("bootstrap", account, settings=settings, folder=settings.home)
        with step("cdk synth, begun at the start"):
            synthesis.result()
    refuse_losses(
        Path(templates), settings=target, local=settings, allow_replacement=allow_replacement
    )
    with step(f"cdk deploy --all, environment {environment}"):
        cdk(
            "deploy", "--all", "--require-approval", "never", "--app", templates,
            settings=settings,
        )  # fmt: skip
    with step(f"Waiting until the MWAA environment {target.prefix} is AVAILABLE"):
        wait_until_available(target.prefix, settings, timeout_seconds=AVAILABLE_TIMEOUT_SECONDS)
    _say_where(environment, settings)


class Demo(StrEnum):
    """What `lake demo` shows."""

    INGESTION = "ingestion"
    WAREHOUSE = "warehouse"


@app.command()
def demo(
    what: Annotated[Demo, typer.Argument(help="Which sample.")] = Demo.INGESTION,
    environment: Environment = "dev",
) -> None:
    """Drop sample files, wait until Airflow has loaded them, and query the tables.

    `warehouse` is a month of a music service: its star, and the songs that paying users play most.
    Exits with 0 only if the tables hold exactly what the files hold.
    """
    settings = local_settings()
    deployed = DeployedEnvironment.read(environment, settings)
    if what is Demo.WAREHOUSE:
        demo_warehouse(environment=deployed, settings=settings)
    else:
        run_demo(environment=deployed, settings=settings)
    if running_pid(settings.home):  # in containers, `lake compose up` has said it
        _say_where(environment, settings)


@app.command()
def put(
    files: Annotated[list[Path], typer.Argument(help="Files to load.", metavar="FILE...")],
    dataset: Annotated[
        str, typer.Option("--dataset", "-d", help="A data set, such as market/quotes.")
    ],
    environment: Environment = "dev",
    wait: Annotated[
        bool, typer.Option(help="Wait until a run of the data set's DAG has loaded them.")
    ] = False,
    timeout_seconds: Annotated[float, typer.Option(help="How long to wait.")] = 600,
) -> None:
    """Drop files into the landing bucket, where the data set's DAG looks for them.

    With `schedule: on_arrival` they start a run themselves; otherwise the next one loads them. With
    --wait, a run is triggered if none begins, and the exit code says whether it succeeded.
    """
    settings = local_settings()
    data_set = find_data_set(dataset)
    deployed = DeployedEnvironment.read(environment, settings)
    keys = put_files(files, data_set=data_set, environment=deployed, settings=settings)
    if wait:
        runs = Runs(environment=deployed, settings=settings, dag_id=data_set.dag_id)
        with step(f"Waiting for a run of the DAG {data_set.dag_id}"):
            runs.wait_until_loaded(
                keys, timeout_seconds=timeout_seconds, patience_seconds=patience_with(data_set)
            )


@app.command()
def infer(
    file: Annotated[Path, typer.Argument(help="A text file, compressed or not.")],
    *,
    dataset: Annotated[
        str | None,
        typer.Option("--dataset", "-d", help="<domain>/<table>: write dags/datasets/<it>.yaml."),
    ] = None,
    ruler: Annotated[
        str,
        typer.Option(
            help="Where columns of fixed width begin: widths (2,8,12), names with widths "
            "(kind:2,day:8), a line with | over the first byte of each, or a file that has it."
        ),
    ] = "",
    columns: Annotated[str, typer.Option(help="Names for the columns, with commas.")] = "",
    encoding: Annotated[str | None, typer.Option(help="Of the text.")] = None,
    header: Annotated[
        bool | None, typer.Option("--header/--no-header", help="Whether a header names columns.")
    ] = None,
    rows: Annotated[int, typer.Option(min=1, help="Records to look at, at most.")] = 100_000,
    out: Annotated[Path | None, typer.Option(help="Write here, to <domain>/<table>.yaml.")] = None,
    force: Annotated[bool, typer.Option(help="Overwrite a file that is there.")] = False,
) -> None:
    """Propose a data set file from a sample of a file, and print it unless it is to be written.

    Comments say what was seen; what is not sure is a string. The exit code is 0 if the proposal
    reads the sample without a reject.
    """
    from infra.cli.infer import infer as infer_data_set  # noqa: PLC0415  # half a second of imports

    if not infer_data_set(
        file, dataset=dataset, ruler=ruler, columns=columns, encoding=encoding, header=header,
        rows=rows, out=out, force=force,
    ):  # fmt: skip
        raise typer.Exit(1)


@app.command()
def check(
    dataset: Annotated[
        str, typer.Argument(help="A data set, such as market/quotes, or the path of its file.")
    ],
    file: Annotated[Path, typer.Argument(help="A file that might land.")],
    *,
    rows: Annotated[int, typer.Option(min=0, help="Rows to print.")] = 10,
    rejects: Annotated[int, typer.Option(min=0, help="Bad records to print.")] = 20,
    out: Annotated[
        Path | None, typer.Option(help="Keep the Parquet files in this empty folder.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
) -> None:
    """Convert a file on this machine, and print its rows, its bad records and its counts.

    Nothing has to run. The exit code is 0 only if the file would be published.
    """
    from infra.cli.check import check as check_file  # noqa: PLC0415  # half a second of imports

    if not check_file(dataset, file, rows=rows, rejects=rejects, out=out, as_json=as_json):
        raise typer.Exit(1)


@app.command()
def models(environment: Environment = "dev") -> None:
    """Check the model files, and print them in the order in which they are computed.

    Nothing has to run. `cdk synth` refuses what this refuses.
    """
    from infra.cli.models import print_models  # noqa: PLC0415  # half a second of imports

    print_models(DAGS, settings=environment_settings(environment))


EnvironmentArgument = Annotated[
    str, typer.Argument(help="An environment of infra/environments.py.", metavar="ENVIRONMENT")
]


@app.command()
def preflight(
    environment: EnvironmentArgument = "dev",
    *,
    account: Annotated[bool, typer.Option(help="Ask the account, too.")] = True,
    aws: Annotated[
        bool,
        typer.Option("--aws", help="The account on AWS of the shell's credentials, not the "
                     "embedded one."),
    ] = False,
    allow_replacement: AllowReplacement = False,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
) -> None:  # fmt: skip
    """Check what can be known before MWAA creates the environment, which takes it 20 minutes.

    Requirements, DAGs, templates, account and cost; a line each. With --no-account, nothing has to
    run. The exit code is 1 if a check fails, 2 for a wrong use.
    """
    from infra.cli import preflight as printed  # noqa: PLC0415  # seconds of imports
    from infra.preflight import run  # noqa: PLC0415  # likewise
    from infra.preflight.result import any_failed  # noqa: PLC0415  # likewise

    if aws and not account:
        raise typer.BadParameter("--aws is an account to ask", param_hint="--no-account")
    target, settings = _environment_argument(environment), local_settings()
    asked = None
    if account:
        asked = printed.shell_account(target) if aws else printed.embedded_account(settings)
    with errors.status(f"Checking {environment}, which takes a minute"):
        results = list(
            run.preflight(
                target, local=settings, account=asked, allow_replacement=allow_replacement
            )
        )
    printed.print_results(results, as_json=as_json)
    if any_failed(results):
        raise typer.Exit(1)


@app.command()
def changes(
    environment: EnvironmentArgument = "dev",
    *,
    aws: Annotated[
        bool, typer.Option("--aws", help="On AWS, by the shell's credentials; else here.")
    ] = False,
    allow_replacement: AllowReplacement = False,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
) -> None:
    """Say what a deploy would do to what is deployed: replaced, deleted, updated in place, refused.

    Nothing is changed. The exit code is 1 if something would be lost, or the deploy would fail.
    """
    from infra.cli.preflight import embedded_account, print_results, shell_account  # noqa: PLC0415
    from infra.preflight import run  # noqa: PLC0415  # seconds of imports
    from infra.preflight.assembly import SynthesisError  # noqa: PLC0415  # likewise
    from infra.preflight.result import any_failed  # noqa: PLC0415  # likewise

    target = _environment_argument(environment)
    account = shell_account(target) if aws else embedded_account(local_settings())
    try:
        with errors.status(f"Comparing {environment} with what is deployed"):
            results = run.changes(target, account=account, allow_replacement=allow_replacement)
    except SynthesisError as error:
        raise Failed(str(error)) from error
    print_results(results, as_json=as_json)
    if any_failed(results):
        raise typer.Exit(1)


@app.command()
def cost(environment: EnvironmentArgument = "dev") -> None:
    """Print what an environment costs a month, by resource: low, typical, high.

    Nothing has to run.
    """
    from infra.cli.preflight import print_costs  # noqa: PLC0415  # seconds of imports

    print_costs(_environment_argument(environment))


@app.command()
def rights(
    environment: EnvironmentArgument = "dev",
    *,
    account: Annotated[
        str | None, typer.Option(metavar="ID", help="The account; by default that of the settings.")
    ] = None,
    region: Annotated[
        str | None, typer.Option(help="The region; by default that of the settings.")
    ] = None,
    out: Annotated[Path, typer.Option(help="The folder of the policies.")] = Path("cdk.out/rights"),
) -> None:
    """Write the IAM policies that CloudFormation needs to deploy an environment, and no more.

    Nothing has to run. It prints the commands that give them to an account (docs/deploy.md).
    """
    from infra.cli.rights import write_rights  # noqa: PLC0415  # seconds of imports

    settings = _environment_argument(environment)
    write_rights(settings, account=account, region=region, folder=out)


def _environment_argument(name: str) -> EnvironmentSettings:
    try:
        return environment_settings(name)
    except UnknownEnvironmentError as error:
        raise typer.BadParameter(str(error), param_hint="ENVIRONMENT") from error


@app.command()
def query(
    sql: Annotated[str, typer.Argument(help="One statement of Athena's SQL.", metavar="SQL")] = "",
    environment: Environment = "dev",
    named: Annotated[
        str, typer.Option(help="A saved query, which `lake queries` lists, in SQL's place.")
    ] = "",
    redshift: Annotated[
        bool, typer.Option(help="Ask Redshift, which gets the statement in its own dialect.")
    ] = False,
) -> None:
    """Ask Athena, in the environment's database and work group, and print the rows.

    lake query "SELECT codneg, voltot FROM market_quotes ORDER BY voltot DESC LIMIT 5"
    """
    if bool(sql) is bool(named):
        raise typer.BadParameter("say either SQL or --named NAME", param_hint="SQL")
    settings = local_settings()
    deployed = DeployedEnvironment.read(environment, settings)
    ask = query_redshift if redshift else run_query
    if named:
        sql = named_query(named, environment=deployed, settings=settings)
    print_answer(ask(sql, environment=deployed, settings=settings))


@app.command()
def queries(environment: Environment = "dev") -> None:
    """List the queries that are saved in the environment's work group, for `lake query --named`."""
    settings = local_settings()
    print_queries(environment=DeployedEnvironment.read(environment, settings), settings=settings)


@app.command()
def replay(
    dataset: Annotated[str, typer.Argument(help="A data set, such as market/quotes.")],
    *,
    file: Annotated[str, typer.Option(help="Only records of this landed key.")] = "",
    export: Annotated[
        Path | None, typer.Option(help="Write the quarantined records there, to be mended.")
    ] = None,
    mended: Annotated[
        Path | None, typer.Option(help="Take in the records that this file has, as it has them.")
    ] = None,
    environment: Environment = "dev",
    wait: Annotated[bool, typer.Option(help="Wait until they are taken in.")] = False,
    timeout_seconds: Annotated[float, typer.Option(help="How long to wait.")] = 600,
) -> None:
    """Convert quarantined records again: as they are, by the data set file as it is now, or mended.

    A record that can be converted goes to the table, once; one that cannot stays where it is.
    """
    settings = local_settings()
    data_set = find_data_set(dataset)
    deployed = DeployedEnvironment.read(environment, settings)
    if export is not None:
        count = export_quarantine(
            export, data_set=data_set, source_key=file, environment=deployed, settings=settings
        )
        console.print(f"{count} records of {data_set.table_name}_quarantine → {export}")
        return
    texts = None if mended is None else read_mended(mended)
    runs, run_id = order_replay(
        data_set=data_set, source_key=file, mended=texts, environment=deployed, settings=settings
    )
    if wait:
        with step(f"Waiting for the run of the DAG {runs.dag_id}"):
            runs.wait_until_ended(run_id, timeout_seconds=timeout_seconds)


@app.command()
def backfill(
    name: Annotated[
        str,
        typer.Argument(
            help="A data set, such as market/quotes, or the models of a domain, such as music."
        ),
    ],
    *,
    first: Annotated[
        datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="The first day.")
    ] = None,
    last: Annotated[
        datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="The last day.")
    ] = None,
    archive: Annotated[
        str | None, typer.Option(help="Instead of days: below this prefix of its archive.")
    ] = None,
    pattern: Annotated[str, typer.Option(help="With --archive: a shell pattern.")] = "*",
    redshift: Annotated[bool, typer.Option(help="The models on Redshift.")] = False,
    environment: Environment = "dev",
    wait: Annotated[bool, typer.Option(help="Wait until it is done.")] = False,
    timeout_seconds: Annotated[float, typer.Option(help="How long to wait.")] = 3600,
) -> None:
    """Convert files again, from the archive and where they land: of days, or of a prefix.

    Of models: compute days again.

    Safe to repeat: what gives the same rows as before changes nothing.
    """
    settings = local_settings()
    dag = day_dag(name, on_redshift=redshift)
    where: dict[str, Any] = {
        "environment": DeployedEnvironment.read(environment, settings),
        "settings": settings,
        "wait_seconds": timeout_seconds if wait else None,
    }
    with step(f"Backfilling by {dag.dag_id}"):
        if archive is not None:
            backfill_archive(archive, pattern, data_set=find_data_set(name), **where)
        elif first is not None and last is not None:
            backfill_days(first.date(), last.date(), dag=dag, **where)
        else:
            raise Failed("say --from and --to, each a day such as 2024-01-31, or --archive PREFIX")


@app.command()
def status(
    environment: Environment = "dev",
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
) -> None:
    """Show what runs: the embedded AWS, each MWAA environment, its components, its last runs.

    In containers, also where they have another size than the environment asks for.
    """
    settings = local_settings()
    runs = partial(recent_runs, environment, settings)
    if there := containers.find_containers(settings):
        containers.print_status(there, settings, as_json=as_json, runs=runs)
    else:
        daemon.print_status(settings, as_json=as_json, runs=runs)


@app.command()
def logs(
    component: Annotated[
        str, typer.Argument(help="A component that `lake status` lists; without it, all.")
    ] = "",
    lines: Annotated[int, typer.Option("--lines", "-n", min=1, help="Lines from the end.")] = 50,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as they grow.")] = False,
) -> None:
    """Print the logs of the embedded AWS and of Airflow's components."""
    settings = local_settings()
    wanted: dict[str, Any] = {"component": component, "lines": lines, "follow": follow}
    if there := containers.find_containers(settings):
        containers.print_logs(there, settings, **wanted)
    else:
        daemon.print_logs(settings, **wanted)


@app.command()
def sync(
    environment: Annotated[str, typer.Argument(help="An environment of infra/environments.py.")],
    *,
    aws: Annotated[
        bool, typer.Option("--aws", help="On AWS, by the shell's credentials; else here.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print, and change nothing.")] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Refuse where a part needs a deploy.")
    ] = False,
    timeout_seconds: Annotated[
        float, typer.Option(help="How long Airflow may take to parse.")
    ] = 300,
) -> None:
    """Bring dags/ to an environment without a deploy, and wait until Airflow has parsed it.

    What differs is uploaded, what went is deleted; what `cdk synth` refuses is refused before that.
    Plugins, requirements and the startup script are not touched (docs/delivery.md).
    """
    from infra.cli.sync import sync as sync_dags  # noqa: PLC0415  # half a second of imports

    settings = environment_settings(environment)
    sync_dags(
        find_target(settings, on_aws=aws, local=local_settings),
        settings=settings,
        repository=REPOSITORY,
        dry_run=dry_run,
        strict=strict,
        timeout_seconds=timeout_seconds,
    )


@app.command()
def messages(
    environment: Environment = "dev",
    last: Annotated[int, typer.Option(min=1, help="The newest of them.")] = 10,
) -> None:
    """Print what people were told of problems: the messages that the environment's topic sent.

    They come from its inbox, which keeps them for 14 days; reading takes none away.
    """
    settings = local_settings()
    deployed = DeployedEnvironment.read(environment, settings)
    print_messages(read_messages(deployed, settings)[-last:])


@app.command()
def down() -> None:
    """Stop everything: no process and no port is left. What was deployed comes back with `up`."""
    settings = local_settings()
    with step("Stopping the embedded AWS and Airflow"):
        daemon.stop(settings)


def _say_where(environment: str, settings: LocalSettings) -> None:
    """How to go on: the UI with its login, the variables, how to stop."""
    deployed = DeployedEnvironment.read(environment, settings)
    login = daemon.login(settings, deployed.name)
    console.print()
    console.print(f"Airflow      {deployed.webserver_url}  user [bold]{login.username}[/]  "
                  f"password [bold]{login.password}[/]")  # fmt: skip
    console.print('Query        lake query "SELECT count(*) FROM market_quotes"')
    console.print(f"Memory       {daemon.memory_mib(settings):,.0f} MiB in all")
    print_exports(settings)
    console.print("Stop         make down  (or: lake down)")


def main() -> None:
    """Run `lake`: what cannot be done is said in a line, with exit code 1."""
    try:
        app()
    except (Failed, SettingsRefused) as failure:
        errors.print("[red]lake:[/]", escape(str(failure)))
        sys.exit(1)
