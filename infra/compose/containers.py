"""The containers as Docker Compose has them, for `lake status` and `lake logs`."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from infra.compose.engine import EngineError, compose_lines, require_engine
from infra.local.settings import LocalSettings

CLASS_LABEL = "mwaa-lake.environment-class"
"""Of the containers whose size is an environment class: infra/container/classes.yaml."""


class Container(BaseModel):
    """A container, as `docker compose ps --format json` has it in a line."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    service: str = Field(validation_alias="Service")
    name: str = Field(validation_alias="Name")
    state: str = Field(validation_alias="State")
    """`running`, `restarting`, `exited` ..."""
    health: str = Field(validation_alias="Health")
    """`healthy`, `starting`, `unhealthy`; also the last of a container that has ended."""
    since: str = Field(validation_alias="Status")
    """In Docker's words: `Up 3 minutes (healthy)`."""
    labels: str = Field(validation_alias="Labels")
    """`name=value`, with commas between them."""

    @property
    def condition(self) -> str:
        """Its health while it runs and says so, else its state."""
        says = self.state == "running" and self.health not in {"", "none"}
        return self.health if says else self.state

    @property
    def environment_class(self) -> str:
        """The environment class that it has the size of; empty where it has none."""
        own = (label for label in self.labels.split(",") if label.startswith(f"{CLASS_LABEL}="))
        return next(own, "").partition("=")[2]


def containers(settings: LocalSettings) -> list[Container]:
    """Those that there are, by service; none where no engine answers.

    Raises EngineError when Compose fails on an engine that answers.
    """
    try:
        require_engine()
    except EngineError:
        return []
    lines = compose_lines("ps", "--all", "--format", "json", settings=settings)
    found = [Container.model_validate_json(line) for line in lines]
    return sorted(found, key=lambda container: container.name)
