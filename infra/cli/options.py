"""Arguments and options that several commands take."""

from __future__ import annotations

from typing import Annotated

import typer

Environment = Annotated[
    str, typer.Option("--environment", "-e", help="An environment of infra/environments.py.")
]
EnvironmentArgument = Annotated[
    str, typer.Argument(help="An environment of infra/environments.py.", metavar="ENVIRONMENT")
]
AllowReplacement = Annotated[
    bool,
    typer.Option("--allow-replacement", help="Even where a change loses data (docs/upgrade.md)."),
]
