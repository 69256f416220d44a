"""Airflow's configuration in a container: what MWAA sets, and what its users may set."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from urllib.parse import quote

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from infra.container.deployed import AIRFLOW_HOME, MOUNTED, Bundle, Deployed
from infra.local.mwaa.airflow import AUTH_MANAGER, PAGES_PLUGIN, as_variables, both_cases
from infra.local.mwaa.model import ConfigurationError

LOGS = AIRFLOW_HOME / "logs"

WEB_PORT = 8080
MWAA_URL = "http://mwaa:4567"
"""The container that answers the `mwaa` API, and has the execution role's credentials."""
PROXY_PORT = 4568
"""Where the same container refuses what would go to the real AWS, and lets the rest through."""
DIRECT = ("127.0.0.1", "localhost", "aws", "mwaa", "api-server", "postgres", "redis")
"""The hosts that no component reaches through the proxy."""
VISIBILITY_TIMEOUT_SECONDS = 43_200
"""A message that a worker took and never acknowledged is given to another after so long."""

DEFAULTS = {
    "core.execute_tasks_new_python_interpreter": "True",
    "core.sensitive_var_conn_names": "proxy,proxies",
    "scheduler.schedule_after_task_execution": "False",
    "scheduler.task_queued_timeout": "1800.0",
    "usage_data_collection.enabled": "False",
}
"""What MWAA sets and an option may change. Source: the public images, `mwaa/config`."""


class BundleSource(enum.StrEnum):
    """Where the containers have the bundle from."""

    REPOSITORY = "repository"
    """The folders of the repository, mounted."""
    BUCKET = "bucket"
    """The Airflow bucket, as it was deployed."""


class Secrets(BaseSettings):
    """What `lake compose prepare` made for this machine's containers."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    postgres_password: str = Field(min_length=1)
    redis_password: str = Field(min_length=1)
    airflow_fernet_key: str = Field(min_length=1)
    airflow_jwt_secret: str = Field(min_length=1)
    airflow_api_secret_key: str = Field(min_length=1)
    airflow_users_password: str = Field(min_length=1)

    @classmethod
    def read(cls) -> Secrets:
        """Read them. Raises ConfigurationError naming those that are not set."""
        try:
            return cls()
        except ValidationError as error:
            names = ", ".join(str(problem["loc"][0]).upper() for problem in error.errors())
            raise ConfigurationError(
                f"{names} not set: run `lake compose prepare` before `docker compose up`"
            ) from None

    @property
    def broker_url(self) -> str:
        """The queue."""
        return broker_url(self.redis_password)


def broker_url(password: str) -> str:
    """The queue, for Celery and redis-py."""
    return f"redis://:{quote(password, safe='')}@redis:6379/0"


def database_url(password: str) -> str:
    """The metadata database, for SQLAlchemy."""
    return f"postgresql+psycopg2://airflow:{quote(password, safe='')}@postgres:5432/airflow"


def base_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The container's own variables without the secrets: what a startup script sees."""
    secrets = {name.upper() for name in Secrets.model_fields}
    return {name: value for name, value in environ.items() if name not in secrets}


def deployed_environment(deployed: Deployed) -> dict[str, str]:
    """What a component is told of its MWAA environment, with the way to its credentials."""
    return {
        "AIRFLOW_ENV_NAME": deployed.name,
        "AIRFLOW_CONN_AWS_DEFAULT": "aws://",
        "AWS_REGION": deployed.region,
        "AWS_DEFAULT_REGION": deployed.region,
        "LAKE_CREDENTIALS_URL": f"{MWAA_URL}/credentials/{deployed.name}",
        "LAKE_CREDENTIALS_TOKEN": deployed.credentials_token,
    }


def proxy_environment() -> dict[str, str]:
    """What keeps a component from the real AWS; nothing may override it."""
    return {
        **dict.fromkeys(both_cases("HTTP_PROXY", "HTTPS_PROXY"), f"http://mwaa:{PROXY_PORT}"),
        **dict.fromkeys(both_cases("NO_PROXY"), ",".join(DIRECT)),
    }


def pages_environment(deployed: Deployed) -> dict[str, str]:
    """What lets the API server, and no other component, serve MWAA's own pages."""
    return {
        "PYTHONPATH": str(PAGES_PLUGIN),
        "MWAA_TOKENS_URL": f"{MWAA_URL}/tokens/{deployed.name}",
    }


def component_environment(
    base: Mapping[str, str],
    exported: Mapping[str, str],
    secrets: Secrets,
    *,
    options: Mapping[str, str] | None = None,
    bundle: Bundle = MOUNTED,
) -> dict[str, str]:
    """The whole environment of a component: `exported` is what the startup script set.

    What overrides what is MWAA's order: defaults, startup script, configuration options, what the
    service forces. The variables that the container was started with count as options.
    """
    of_container = {name: value for name, value in base.items() if name.startswith("AIRFLOW__")}
    return {
        **base,
        **as_variables(DEFAULTS),
        **exported,
        **of_container,
        **as_variables(options or {}),
        **as_variables(forced_options(secrets, bundle)),
    }


def forced_options(secrets: Secrets, bundle: Bundle) -> dict[str, str]:
    """What the service sets itself."""
    database = database_url(secrets.postgres_password)
    return {
        "api.host": "0.0.0.0",  # noqa: S104  # of the container; it is published on 127.0.0.1
        "api.port": str(WEB_PORT),
        "api.secret_key": secrets.airflow_api_secret_key,
        "api_auth.jwt_secret": secrets.airflow_jwt_secret,
        "celery.broker_url": secrets.broker_url,
        "celery.flower_basic_auth": f"admin:{secrets.airflow_users_password}",
        "celery.result_backend": f"db+{database}",
        "celery_broker_transport_options.visibility_timeout": str(VISIBILITY_TIMEOUT_SECONDS),
        "core.auth_manager": AUTH_MANAGER,
        "core.dags_folder": str(bundle.dags),
        "core.execution_api_server_url": f"http://api-server:{WEB_PORT}/execution/",
        "core.executor": "CeleryExecutor",
        "core.fernet_key": secrets.airflow_fernet_key,
        "core.load_examples": "False",
        "core.plugins_folder": str(bundle.plugins),
        "database.sql_alchemy_conn": database,
        "execution_api.jwt_expiration_time": "86400",
        "logging.base_log_folder": str(LOGS),
        "scheduler.enable_health_check": "True",
        "scheduler.standalone_dag_processor": "True",
    }
