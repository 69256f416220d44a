"""MWAA's own pages of the Airflow web server: the command line and the login by token.

This file runs inside Airflow's API server, alone: that process has this folder on its PYTHONPATH,
and the entry point in `aws_mwaa_pages-1.0.dist-info` lets Airflow find the plugin. No other process
of Airflow sees it, and no plugin of the bundle can collide with it. Tokens are redeemed at
`MWAA_TOKENS_URL`.

Source: Amazon MWAA user guide, "Creating an Apache Airflow CLI token" and "Creating an Apache
Airflow web login token".
"""

from __future__ import annotations

import base64
import json
import os
import shlex
import subprocess
import urllib.error
import urllib.request
from typing import Annotated, cast

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.base_auth_manager import COOKIE_NAME_JWT_TOKEN
from airflow.plugins_manager import AirflowPlugin
from airflow.providers.fab.auth_manager.fab_auth_manager import FabAuthManager
from fastapi import Body, FastAPI, Header, HTTPException
from flask import Blueprint, abort, redirect, request
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue

TOKENS_URL = os.environ["MWAA_TOKENS_URL"]
SESSION_SECONDS = 12 * 3600
COMMAND_SECONDS = 60


def redeem(kind: str, token: str) -> str | None:
    """The Airflow user that a token of the last minute is for, or None for any other token."""
    call = urllib.request.Request(  # noqa: S310  # the supervisor's own http address
        f"{TOKENS_URL}/{kind}", method="POST", headers={"Authorization": f"Bearer {token}"}
    )
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(call, timeout=10) as answer:
            return str(json.load(answer)["Username"])
    except urllib.error.HTTPError as error:
        if error.code == 403:  # noqa: PLR2004  # what the supervisor answers to a wrong token
            return None
        raise


command_line = FastAPI(title="Amazon MWAA command line")


@command_line.post("/cli")
def run_command(
    command: Annotated[str, Body(media_type="text/plain")],
    authorization: Annotated[str, Header()] = "",
) -> dict[str, str]:
    """Run `airflow <command>`; both streams come back in base64."""
    if not redeem("cli", authorization.removeprefix("Bearer ").strip()):
        raise HTTPException(status_code=403, detail="Forbidden")
    try:
        arguments = shlex.split(command)
    except ValueError as error:
        raise HTTPException(status_code=400, detail=f"cannot be split: {error}") from None
    own = ("MWAA_TOKENS_URL", "PYTHONPATH")
    environment = {name: value for name, value in os.environ.items() if name not in own}
    try:
        done = subprocess.run(
            ["airflow", *arguments],  # noqa: S607  # the virtual environment's, by PATH
            env=environment,
            capture_output=True,
            check=False,
            timeout=COMMAND_SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise HTTPException(
            status_code=400, detail=f"it took longer than {COMMAND_SECONDS} s"
        ) from None
    return {
        "stdout": base64.b64encode(done.stdout).decode(),
        "stderr": base64.b64encode(done.stderr).decode(),
    }


login = Blueprint("aws_mwaa", __name__, url_prefix="/aws_mwaa")


@login.route("/login", methods=["GET", "POST"])
def start_session() -> ResponseReturnValue:
    """Exchange a web login token for a session of the Airflow user interface."""
    manager = cast(FabAuthManager, get_auth_manager())
    username = redeem("web", request.values.get("token", ""))
    user = manager.security_manager.find_user(username) if username else None
    if not user:
        abort(403)
    response = redirect("/")
    response.set_cookie(
        COOKIE_NAME_JWT_TOKEN,
        manager.generate_jwt(user, expiration_time_in_seconds=SESSION_SECONDS),
        max_age=SESSION_SECONDS,
        path="/",
        httponly=True,
        samesite="Lax",
    )
    return response


@login.record
def exempt_from_csrf(state: BlueprintSetupState) -> None:
    """The token in the form proves the caller; a form of Airflow's own would carry another."""
    state.app.extensions["csrf"].exempt(login)


class MwaaPages(AirflowPlugin):
    """What the service adds to Airflow's web server."""

    name = "aws_mwaa_pages"
    fastapi_apps = [  # noqa: RUF012  # as AirflowPlugin has it
        {"app": command_line, "url_prefix": "/aws_mwaa", "name": "Amazon MWAA command line"}
    ]
    flask_blueprints = [login]  # noqa: RUF012  # as above
