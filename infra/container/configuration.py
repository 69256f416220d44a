"""Airflow's configuration in a container: what MWAA sets, and what its users may set."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from infra.local.mwaa.airflow import AUTH_MANAGER, as_variables
from infra.local.mwaa.model import ConfigurationError

AIRFLOW_HOME = Path("/usr/local/airflow")
DAGS = AIRFLOW_HOME / "dags"
PLUGINS = AIRFLOW_HOME / "plugins"
REQUIREMENTS = AIRFLOW_HOME / "requirements" / "requirements.txt"
STARTUP_SCRIPT = AIRFLOW_HOME / "startup" / "startup.sh"
LOGS = AIRFLOW_HOME / "logs"

WEB_PORT = 8080
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
    def database(self) -> str:
        """The metadata database, which also keeps the results of tasks."""
        return f"airflow:{quote(self.postgres_password, safe='')}@postgres:5432/airflow"

    @property
    def broker_url(self) -> str:
        """The queue."""
        return f"redis://:{quote(self.redis_password, safe='')}@redis:6379/0"


def base_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The container's own variables without the secrets: what a startup script sees."""
    secrets = {name.upper() for name in Secrets.model_fields}
    return {name: value for name, value in environ.items() if name not in secrets}


def component_environment(
    base: Mapping[str, str], exported: Mapping[str, str], secrets: Secrets
) -> dict[str, str]:
    """The whole environment of a component: `exported` is what the startup script set.

    What overrides what is MWAA's order: defaults, startup script, configuration options, what the
    service forces. Configuration options are the variables that the container was started with.
    """
    options = {name: value for name, value in base.items() if name.startswith("AIRFLOW__")}
    return {
        **base,
        **as_variables(DEFAULTS),
        **exported,
        **options,
        **as_variables(forced_options(secrets)),
    }


def forced_options(secrets: Secrets) -> dict[str, str]:
    """What the service sets itself."""
    return {
        "api.host": "0.0.0.0",  # noqa: S104  # of the container; it is published on 127.0.0.1
        "api.port": str(WEB_PORT),
        "api.secret_key": secrets.airflow_api_secret_key,
        "api_auth.jwt_secret": secrets.airflow_jwt_secret,
        "celery.broker_url": secrets.broker_url,
        "celery.flower_basic_auth": f"admin:{secrets.airflow_users_password}",
        "celery.result_backend": f"db+postgresql://{secrets.database}",
        "celery_broker_transport_options.visibility_timeout": str(VISIBILITY_TIMEOUT_SECONDS),
        "core.auth_manager": AUTH_MANAGER,
        "core.dags_folder": str(DAGS),
        "core.execution_api_server_url": f"http://api-server:{WEB_PORT}/execution/",
        "core.executor": "CeleryExecutor",
        "core.fernet_key": secrets.airflow_fernet_key,
        "core.load_examples": "False",
        "core.plugins_folder": str(PLUGINS),
        "database.sql_alchemy_conn": f"postgresql+psycopg2://{secrets.database}",
        "execution_api.jwt_expiration_time": "86400",
        "logging.base_log_folder": str(LOGS),
        "scheduler.enable_health_check": "True",
        "scheduler.standalone_dag_processor": "True",
    }
