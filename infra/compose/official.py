"""What the official images are told by env files: infra/compose/{mwaa-image,local-runner}.yaml.

Sources: the repositories of the images, aws/amazon-mwaa-docker-images (images/airflow/3.3.1,
python/mwaa/config) and aws/aws-mwaa-local-runner (2.10.3, docker/script/entrypoint.sh).
"""

from __future__ import annotations

import json
from pathlib import Path

from infra.compose.options import airflow_variables
from infra.compose.secrets import env_file, users_password
from infra.local.settings import LocalSettings
from infra.local.supervisor.durable import write_durably
from infra.local.supervisor.secrets import SecretFolder, fernet_key
from infra.settings import EnvironmentSettings

AWS_URL = "http://aws:4566"
"""The embedded AWS, as the containers reach it."""


def write_official_env_files(
    folder: Path, *, environment: EnvironmentSettings, settings: LocalSettings
) -> None:
    """Write `mwaa-image.env` and `local-runner.env` into `folder`, beside the secrets there."""
    secrets = SecretFolder(folder / "secrets")
    database = secrets.get("postgres-password")
    variables = airflow_variables(environment, settings)
    options = {name: value for name, value in variables.items() if name.startswith("AIRFLOW__")}
    clients = {name: value for name, value in variables.items() if name not in options}
    queue = f"airflow-celery-{environment.prefix}"
    files = {
        "mwaa-image": {
            **clients,
            "MWAA__CORE__CUSTOM_AIRFLOW_CONFIGS": json.dumps(options),
            "MWAA__CORE__FERNET_KEY": json.dumps(
                {"FernetKey": secrets.get("fernet-key", fernet_key)}
            ),
            "MWAA__WEBSERVER__SECRET": json.dumps({"secret_key": secrets.get("api-secret-key")}),
            "MWAA__DB__CREDENTIALS": json.dumps({"username": "airflow", "password": database}),
            "MWAA__SQS__QUEUE_URL": f"{AWS_URL}/{settings.account_id}/{queue}",
        },
        "local-runner": {
            **clients,
            "POSTGRES_PASSWORD": database,
            "DEFAULT_PASSWORD": users_password(folder),
        },
    }
    for name, contents in files.items():
        write_durably(folder / f"{name}.env", env_file(contents).encode())
