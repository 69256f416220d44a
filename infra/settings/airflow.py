"""The MWAA environment, held to what MWAA takes.

The limits are those of the AWS::MWAA::Environment resource and of the MWAA user guide, so that a
value that MWAA would refuse after a wait of 20 minutes is refused here at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, PlainSerializer, model_validator

from infra.settings.airflow_options import checked_options, tasks_a_worker
from infra.settings.base import Settings

MICRO = "mw1.micro"
MICRO_COMPONENTS = 1
"""On mw1.micro each component runs exactly once, without autoscaling."""
MIN_COMPONENTS = 2
"""On every other class at least two schedulers and two web servers run."""
PUBLIC_AND_PRIVATE_SINCE = (3, 2)
TASKS_A_WORKER = MappingProxyType(
    {
        MICRO: 3,
        "mw1.small": 5,
        "mw1.medium": 10,
        "mw1.large": 20,
        "mw1.xlarge": 40,
        "mw1.2xlarge": 80,
    }
)
"""Tasks that one worker of a class runs at once, as MWAA sets it
(https://docs.aws.amazon.com/mwaa/latest/userguide/environment-class.html)."""

LogLevel = Literal["CRITICAL", "ERROR", "WARNING", "INFO", "DEBUG"]


class LogSettings(Settings):
    """From which level on CloudWatch Logs keeps what a component logs; None: nothing of it."""

    dag_processing: LogLevel | None = "INFO"
    scheduler: LogLevel | None = "INFO"
    task: LogLevel | None = "INFO"
    webserver: LogLevel | None = "INFO"
    worker: LogLevel | None = "INFO"

    @model_validator(mode="after")
    def tasks_are_logged(self) -> Self:
        """Refuse to keep no log of tasks: there would be no reason of any failure."""
        if self.task is None:
            raise ValueError("task=None: expected a level; without it no failure has a reason")
        return self


class AirflowSettings(Settings):
    """The MWAA environment: its version, size, reach and Airflow options."""

    version: Literal["3.0.6", "3.2.1", "3.3.1"] = "3.3.1"
    environment_class: Literal[
        "mw1.micro", "mw1.small", "mw1.medium", "mw1.large", "mw1.xlarge", "mw1.2xlarge"
    ]
    min_workers: int = Field(ge=1, le=25)
    max_workers: int = Field(ge=1, le=25)
    schedulers: int = Field(ge=1, le=5)
    min_webservers: int = Field(ge=1, le=5)
    max_webservers: int = Field(ge=1, le=5)
    webserver_access_mode: Literal["PRIVATE_ONLY", "PUBLIC_ONLY", "PUBLIC_AND_PRIVATE"]
    logs: LogSettings = LogSettings()
    worker_replacement: Literal["FORCED", "GRACEFUL"] = "FORCED"
    """What an update does with workers: FORCED ends their tasks, which are tried again; GRACEFUL
    waits for them, up to 12 hours, and is refused by MWAA before a first FORCED update."""
    weekly_maintenance_window_start: str = Field(
        default="SUN:03:00", pattern=r"^(MON|TUE|WED|THU|FRI|SAT|SUN):([01]\d|2[0-3]):(00|30)$"
    )
    """Day and UTC time, on the half hour."""
    options: Annotated[Mapping[str, str], AfterValidator(checked_options), PlainSerializer(dict)]
    """Airflow configuration options, `section.name` to value."""

    @property
    def is_micro(self) -> bool:
        """Whether scheduler and worker share a container."""
        return self.environment_class == MICRO

    @property
    def task_slots(self) -> int:
        """Tasks that the environment runs at once with all of its workers."""
        of_the_class = TASKS_A_WORKER[self.environment_class]
        return self.max_workers * tasks_a_worker(self.options, of_the_class=of_the_class)

    @model_validator(mode="after")
    def tasks_that_a_worker_is_made_for(self) -> Self:
        """Refuse more tasks a worker than the environment class runs."""
        tasks_a_worker(self.options, of_the_class=TASKS_A_WORKER[self.environment_class])
        return self

    @model_validator(mode="after")
    def within_the_limits_of_the_class(self) -> Self:
        """Refuse numbers of components that MWAA does not offer for the environment class."""
        counts = {
            "min_workers": self.min_workers,
            "max_workers": self.max_workers,
            "schedulers": self.schedulers,
            "min_webservers": self.min_webservers,
            "max_webservers": self.max_webservers,
        }
        if self.environment_class == MICRO:
            wrong = [f"{name}={n}" for name, n in counts.items() if n != MICRO_COMPONENTS]
            expected = "exactly 1 of each component"
        else:
            several = ("schedulers", "min_webservers", "max_webservers")
            wrong = [f"{name}={counts[name]}" for name in several if counts[name] < MIN_COMPONENTS]
            expected = "2 to 5 schedulers and web servers"
        if wrong:
            raise ValueError(
                f"{', '.join(wrong)}: expected {expected} with {self.environment_class}"
            )
        for low, high in (("min_workers", "max_workers"), ("min_webservers", "max_webservers")):
            if counts[low] > counts[high]:
                raise ValueError(f"{low}={counts[low]} is more than {high}={counts[high]}")
        return self

    @model_validator(mode="after")
    def within_the_limits_of_the_version(self) -> Self:
        """Refuse what the Airflow version does not have on MWAA."""
        version = tuple(int(part) for part in self.version.split("."))
        if (
            self.webserver_access_mode == "PUBLIC_AND_PRIVATE"
            and version[:2] < PUBLIC_AND_PRIVATE_SINCE
        ):
            raise ValueError(
                "webserver_access_mode='PUBLIC_AND_PRIVATE' is offered from Airflow 3.2 on, not "
                f"{self.version}"
            )
        return self
