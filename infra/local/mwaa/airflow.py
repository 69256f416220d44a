"""Airflow as MWAA runs it: its components and the environment of their processes.

The order in which settings override each other is MWAA's own: defaults, what the startup script
exported, AirflowConfigurationOptions, and what the service forces. Source: the public images of
MWAA, aws/amazon-mwaa-docker-images, `mwaa/config`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from infra.local.mwaa.bundle import Build
from infra.local.mwaa.layout import Layout
from infra.local.mwaa.model import Properties
from infra.local.settings import LocalSettings
from infra.local.supervisor.component import Command
from infra.local.supervisor.secrets import SecretFolder, fernet_key, signing_key

ADMIN = "admin"
"""The Airflow user that a person logs in as."""
USERS = (ADMIN, "op", "user", "viewer", "public")
"""The users that `set_up_database.py` makes, one for each of Airflow's roles."""

LAPTOP_TASKS = 8
"""So many tasks at once are never too many, whatever the number of processors."""
STOP_SECONDS = 2.0
"""A scheduler that is told to end waits for its tasks: they are ended, and tried again later."""
AUTH_MANAGER = "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager"
"""The auth manager that MWAA uses on Airflow 3."""

COMPONENTS: dict[str, tuple[list[str], str]] = {
    "scheduler": (["scheduler", "--skip-serve-logs"], "worker"),
    "dag-processor": (["dag-processor"], "scheduler"),
    "triggerer": (["triggerer", "--skip-serve-logs"], "scheduler"),
    "api-server": (["api-server"], "webserver"),
}
"""Arguments of `airflow`, and the MWAA component whose startup script's variables apply.

The order is that of stopping: the API server last, because the others report to it. Tasks run
below the scheduler (LocalExecutor), which therefore has the worker's variables.
"""

PAGES_PLUGIN = Path(__file__).parent / "airflow_plugin"
"""The folder of the Airflow plugin with MWAA's own pages."""

LAPTOP_OPTIONS = {
    "api.workers": "1",
    "core.dagbag_import_timeout": "30",
    "dag_processor.bundle_refresh_check_interval": "1",
    "dag_processor.min_file_process_interval": "5",
    "dag_processor.refresh_interval": "3",
    "scheduler.orphaned_tasks_check_interval": "15",
    "scheduler.scheduler_health_check_threshold": "15",
    "scheduler.task_instance_heartbeat_timeout": "30",
    "scheduler.task_instance_heartbeat_timeout_detection_interval": "5",
    "usage_data_collection.enabled": "False",
    "workers.execution_api_timeout": "30",
}
"""A change of a DAG shows, and a killed task is noticed, in seconds; a busy laptop's API server may
take its time, where a task would be tried again. The bundle's options win."""


@dataclass(frozen=True, kw_only=True)
class Airflow:
    """The Airflow of one environment, with all that its processes are told."""

    settings: LocalSettings
    environment_name: str
    region: str
    web_port: int
    layout: Layout
    secrets: SecretFolder
    proxy_url: str

    @property
    def credentials_token(self) -> str:
        """What a task shows to get the execution role's credentials."""
        return self.secrets.get("credentials-token")

    @property
    def database_url(self) -> str:
        """SQLAlchemy's URL of the metadata database; on a server each environment has its own."""
        if not self.settings.database:
            return f"sqlite:///{self.layout.sqlite}"
        server = urlsplit(self.settings.database)
        return server._replace(path=f"/airflow-{self.environment_name}").geturl()

    def commands(self, properties: Properties, build: Build) -> list[Command]:
        """The components, in the order in which they are stopped."""
        commands = []
        for name, (arguments, mwaa_component) in COMPONENTS.items():
            environment = self.environment(
                properties, build, startup_variables=build.startup_variables.get(mwaa_component, {})
            )
            if name == "api-server":
                environment |= {
                    "PYTHONPATH": str(PAGES_PLUGIN),
                    "MWAA_TOKENS_URL": self._at_supervisor("tokens"),
                }
            commands.append(
                Command(
                    name=f"{self.environment_name}.{name}",
                    argv=[str(build.venv / "bin" / "airflow"), *arguments],
                    environment=environment,
                    folder=self.layout.root,
                    log_path=self.settings.home / "logs" / f"{self.environment_name}.{name}.log",
                    stop_seconds=STOP_SECONDS,
                )
            )
        return commands

    def environment(
        self, properties: Properties, build: Build, *, startup_variables: Mapping[str, str]
    ) -> dict[str, str]:
        """The whole environment of an Airflow process."""
        base = self.base_environment()
        own = {name: value for name, value in startup_variables.items() if name not in base}
        path = startup_variables.get("PATH", base["PATH"])
        return {
            **base,
            "PATH": f"{build.venv}/bin:{path}",
            **as_variables(self._defaults(properties)),
            **own,
            **as_variables(properties.airflow_configuration_options),
            **as_variables(self.forced_options(build.plugins)),
        }

    def base_environment(self) -> dict[str, str]:
        """What every process of the environment gets; nothing comes from the person's shell."""
        return {
            **process_environment(self.layout, self.environment_name, region=self.region),
            "AWS_ENDPOINT_URL": self.settings.endpoint_url,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": self._at_supervisor("credentials"),
            "AWS_CONTAINER_AUTHORIZATION_TOKEN": self.credentials_token,
            **dict.fromkeys(both_cases("HTTP_PROXY", "HTTPS_PROXY"), self.proxy_url),
            **dict.fromkeys(both_cases("NO_PROXY"), "127.0.0.1,localhost"),
        }

    def _at_supervisor(self, page: str) -> str:
        return f"{self.settings.supervisor_url}/{page}/{self.environment_name}"

    def _defaults(self, properties: Properties) -> dict[str, str]:
        size = properties.environment_class
        laptop = max(LAPTOP_TASKS, 2 * (os.cpu_count() or 1))
        return {
            **LAPTOP_OPTIONS,
            # LocalExecutor keeps this many processes: no more than the laptop has use for.
            "core.parallelism": str(min(size.tasks_per_worker * properties.max_workers, laptop)),
            **log_levels(properties),
        }

    def forced_options(self, plugins: Path) -> dict[str, str]:
        """What the service sets itself; `validation.REFUSED_OPTIONS` has all of their names."""
        url = f"http://127.0.0.1:{self.web_port}"
        return {
            "api.base_url": url,
            "api.host": "127.0.0.1",
            "api.port": str(self.web_port),
            "api.secret_key": self.secrets.get("api-secret-key"),
            "api_auth.jwt_secret": self.secrets.get("jwt-secret", signing_key),
            "core.auth_manager": AUTH_MANAGER,
            "core.dags_folder": str(self.layout.dags),
            "core.execution_api_server_url": f"{url}/execution/",
            "core.executor": "LocalExecutor",
            "core.fernet_key": self.secrets.get("fernet-key", fernet_key),
            "core.load_examples": "False",
            "core.plugins_folder": str(plugins),
            "database.sql_alchemy_conn": self.database_url,
            "execution_api.jwt_expiration_time": "86400",
            "logging.base_log_folder": str(self.layout.logs),
            "scheduler.standalone_dag_processor": "True",
        }


def process_environment(layout: Layout, environment_name: str, *, region: str) -> dict[str, str]:
    """What a process of MWAA's sees, without the way to AWS."""
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": str(layout.user_home),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONUNBUFFERED": "1",
        "AIRFLOW_HOME": str(layout.airflow_home),
        "AIRFLOW_ENV_NAME": environment_name,
        "AIRFLOW_CONN_AWS_DEFAULT": "aws://",
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
    }


def as_variables(options: Mapping[str, str]) -> dict[str, str]:
    """`section.key` as the variables that Airflow reads them from."""
    return {variable_of(name): value for name, value in options.items()}


def variable_of(option: str) -> str:
    """The variable that Airflow reads the option `section.key` from."""
    return f"AIRFLOW__{option.upper().replace('.', '__', 1)}"


def both_cases(*names: str) -> list[str]:
    """Libraries differ in which case of the proxy variables they read."""
    return [*names, *(name.lower() for name in names)]


def log_levels(properties: Properties) -> dict[str, str]:
    """Airflow has one level where MWAA has five: that of the tasks' logs decides."""
    task_logs = properties.logging_configuration.task_logs
    return {"logging.logging_level": task_logs.log_level} if task_logs else {}
