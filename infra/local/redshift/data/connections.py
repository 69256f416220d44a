"""How a statement comes to a session: of its own or a kept one, and as which user."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.exceptions import ClientError

from infra.local.redshift.data.caller import Caller
from infra.local.redshift.data.databases import Databases
from infra.local.redshift.data.sessions import KeptSession, Sessions
from infra.local.redshift.engine import Session
from infra.local.redshift.errors import invalid
from infra.local.redshift.warehouse import Warehouse

type Request = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Connections:
    """Sessions in the databases; secrets are read at `endpoint` in the caller's name."""

    databases: Databases
    endpoint: str
    sessions: Sessions = field(default_factory=Sessions)

    def kept(
        self, request: Request, caller: Caller, warehouse: Warehouse | None
    ) -> KeptSession | None:
        """The session that the request names or wants to be kept, if any; it is busy then.

        Raises:
            ApiError: it is not to be had.
        """
        seconds = request.get("SessionKeepAliveSeconds")
        if "SessionId" in request:
            return self.sessions.take(
                request["SessionId"], owner=caller.principal_id, keep_alive_seconds=seconds
            )
        if not seconds:
            return None
        warehouse = required(warehouse)
        return self.sessions.open(
            owner=caller.principal_id,
            warehouse=warehouse,
            database=request.get("Database") or warehouse.database,
            keep_alive_seconds=seconds,
        )

    def of(
        self, kept: KeptSession | None, warehouse: Warehouse, *, database: str, user: str
    ) -> tuple[Callable[[], Session], Callable[[Session | None], None]]:
        """How a statement gets its session, and what becomes of it in the end."""

        def connect() -> Session:
            return self.databases.connect(warehouse, database=database, user=user)

        def close(session: Session | None) -> None:
            if session is not None:
                session.close()

        if kept is None:
            return connect, close
        held = kept

        def take() -> Session:
            if held.connection is None:
                held.connection = connect()
            return held.connection

        return take, lambda _: self.sessions.give_back(held)

    def db_user(self, request: Request, caller: Caller, warehouse: Warehouse) -> str:
        """Who the caller is in the database: himself, or the administrator with the secret of it.

        Raises:
            ApiError: the caller may not read the secret, or it is another one.
        """
        secret = request.get("SecretArn")
        if secret is None:
            return caller.db_user
        keys = caller.credentials
        client = boto3.session.Session(
            aws_access_key_id=keys.access_key_id,
            aws_secret_access_key=keys.secret_access_key,
            aws_session_token=keys.session_token,
            region_name=warehouse.region,
        ).client("secretsmanager", endpoint_url=self.endpoint)
        try:
            answer = client.get_secret_value(SecretId=secret)
        except ClientError as error:
            raise invalid(f"The secret {secret} cannot be read: {error}") from error
        user = str(json.loads(answer["SecretString"]).get("username"))
        if answer["ARN"] != warehouse.admin_secret_arn:
            raise invalid(f'FATAL: password authentication failed for user "{user}"')
        return user


def required(warehouse: Warehouse | None) -> Warehouse:
    """The work group, which the request has to name.

    Raises:
        ApiError: it does not.
    """
    if warehouse is None:
        raise invalid("WorkgroupName is required.")
    return warehouse
