"""Where the embedded AWS lives on this machine: ports, folders, account and region."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

REPOSITORY = Path(__file__).resolve().parents[2]
"""The root of the checkout: `app.py`, `dags/`, `requirements/` lie in it."""


class LocalSettings(BaseSettings):
    """The laptop's settings; each is overridden by `LAKE_<NAME>`, for example `LAKE_AWS_PORT`."""

    model_config = SettingsConfigDict(env_prefix="LAKE_", frozen=True, extra="ignore")

    home: Annotated[Path, AfterValidator(Path.resolve)] = REPOSITORY / ".lake"
    """Everything that the laptop keeps: state, logs, virtual environments of Airflow."""
    aws_port: int = Field(default=4566, ge=1024, le=65535)
    """The embedded AWS."""
    supervisor_port: int = Field(default=4567, ge=1024, le=65535)
    """The daemon that supervises the embedded AWS and Airflow."""
    airflow_port: int = Field(default=8080, ge=1024, le=65000)
    """The first MWAA environment's web server; each further environment takes the next free ten."""
    account_id: str = Field(default="123456789012", pattern=r"^\d{12}$")
    region: str = "us-east-1"
    sync_seconds: float = Field(default=3.0, gt=0)
    """How often DAGs are synced from the Airflow bucket (MWAA: 30)."""
    database: str = Field(default="", pattern=r"^(|postgresql\+psycopg2://.+)$")
    """Airflow's metadata databases: empty for SQLite, or the URL of a PostgreSQL server, whose user
    may create databases (one for each environment)."""
    mwaa_image: str = ""
    """An image of aws/amazon-mwaa-docker-images, which the containers run instead of their own."""
    local_runner_image: str = ""
    """An image of aws/aws-mwaa-local-runner, with Airflow 2, which the containers run instead."""
    environment_class: str = ""
    """The size of the containers; empty for that of the environment that they are started for."""
    cpus: str = Field(default="", pattern=r"^(|\d+(\.\d+)?)$")
    """The processors of each container; empty for those of the class."""

    @property
    def endpoint_url(self) -> str:
        """The address that every AWS client on the laptop is pointed at."""
        return f"http://127.0.0.1:{self.aws_port}"

    @property
    def supervisor_url(self) -> str:
        """The supervisor's own address."""
        return f"http://127.0.0.1:{self.supervisor_port}"

    @property
    def emulator_python(self) -> Path:
        """The interpreter of the embedded AWS's own virtual environment."""
        return REPOSITORY / ".lake" / "emulator-venv" / "bin" / "python"

    @property
    def uv(self) -> Path:
        """uv, which `make setup` installs."""
        return REPOSITORY / ".tools" / "bin" / "uv"
