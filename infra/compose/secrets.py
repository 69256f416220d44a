"""The secrets of the containers, and what each service is told, as env files.

They lie below the laptop's home folder, readable by their owner only. A secret is made once: the
volumes of the database and of the queue outlive the containers.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from infra.container.configuration import broker_url, database_url
from infra.local.settings import LocalSettings
from infra.local.supervisor.durable import write_durably
from infra.local.supervisor.secrets import (
    SecretFolder,
    fernet_key,
    random_password,
    random_token,
    signing_key,
)


def write_env_files(folder: Path, *, settings: LocalSettings) -> None:
    """Write `<service>.env` for each service that has a secret, into `folder`."""
    secrets = SecretFolder(folder / "secrets")
    database, queue = secrets.get("postgres-password"), secrets.get("redis-password")
    service = {
        "LAKE_ACCOUNT_ID": settings.account_id,
        "LAKE_REGION": settings.region,
        "LAKE_CONTROL_KEY": secrets.get("control-key", random_token),
    }
    files = {
        "postgres": {"POSTGRES_PASSWORD": database},
        "redis": {"REDISCLI_AUTH": queue},
        "aws": service,
        "mwaa": {
            **service,
            "LAKE_DATABASE": database_url(database),
            "LAKE_BROKER": broker_url(queue),
            "LAKE_USERS_PASSWORD": users_password(folder),
        },
        "airflow": {
            "POSTGRES_PASSWORD": database,
            "REDIS_PASSWORD": queue,
            "AIRFLOW_FERNET_KEY": secrets.get("fernet-key", fernet_key),
            "AIRFLOW_JWT_SECRET": secrets.get("jwt-secret", signing_key),
            "AIRFLOW_API_SECRET_KEY": secrets.get("api-secret-key"),
            "AIRFLOW_USERS_PASSWORD": users_password(folder),
        },
    }
    for name, variables in files.items():
        write_durably(folder / f"{name}.env", env_file(variables).encode())


def users_password(folder: Path) -> str:
    """The password of Airflow's users and of Flower's."""
    return SecretFolder(folder / "secrets").get("users-password", random_password)


def env_file(variables: Mapping[str, str]) -> str:
    """`variables` as Compose reads them: nothing in a value is taken for a variable."""
    escapes = str.maketrans({"\\": "\\\\", '"': '\\"', "$": "\\$"})
    lines = [f'{name}="{value.translate(escapes)}"\n' for name, value in variables.items()]
    return "".join(lines)
