"""The commands about data: files, data sets, models, queries, and what is loaded again."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from infra.chosen import environment_settings
from infra.cli.backfill import backfill_archive, backfill_days, day_dag
from infra.cli.environment import DeployedEnvironment
from infra.cli.landing import DAGS, find_data_set
from infra.cli.landing import put as put_files
from infra.cli.options import Environment
from infra.cli.queries import named_query, print_queries
from infra.cli.query import print_answer, query_redshift
from infra.cli.query import query as run_query
from infra.cli.replay import export as export_quarantine
from infra.cli.replay import read_mended
from infra.cli.replay import replay as order_replay
from infra.cli.runs import Runs, patience_with
from infra.cli.settings import local_settings
from infra.cli.steps import Failed, console, step

data = typer.Typer()


@data.command()
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


@data.command()
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


@data.command()
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


@data.command()
def models(environment: Environment = "dev") -> None:
    """Check the model files, and print them in the order in which they are computed.

    Nothing has to run. `cdk synth` refuses what this refuses.
    """
    from infra.cli.models import print_models  # noqa: PLC0415  # half a second of imports

    print_models(DAGS, settings=environment_settings(environment))


@data.command()
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


@data.command()
def queries(environment: Environment = "dev") -> None:
    """List the queries that are saved in the environment's work group, for `lake query --named`."""
    settings = local_settings()
    print_queries(environment=DeployedEnvironment.read(environment, settings), settings=settings)


@data.command()
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


@data.command()
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
