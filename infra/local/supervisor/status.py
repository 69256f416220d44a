"""What the supervisor says of itself at `/status`, for the `lake` command."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True)


class ComponentStatus(_Answer):
    """A process that the supervisor keeps running."""

    name: str
    state: str
    """`running`, `restarting`, `failing` or `stopped`."""
    pid: int | None
    restarts: int
    since: float
    """When it entered the state, in seconds since 1970."""
    last_exit: str
    """How it ended the last time; empty when it never did."""
    log: str
    """The path of its log."""


class EnvironmentStatus(_Answer):
    """An MWAA environment."""

    name: str
    status: str
    """As GetEnvironment has it."""
    url: str
    """Airflow's user interface."""
    username: str
    password: str
    logs: str
    """The folder of the tasks' logs."""
    error: str
    """Why the last create, update or resume failed; empty when it did not."""


class SupervisorStatus(_Answer):
    """The answer of `/status`."""

    pid: int
    since: float
    endpoint_url: str
    """The embedded AWS."""
    ready: bool
    """Whether the embedded AWS answers."""
    components: list[ComponentStatus]
    environments: list[EnvironmentStatus]
