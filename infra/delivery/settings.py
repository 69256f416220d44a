"""Which repository may deploy which environment, and from where in it."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from infra.settings.base import Settings
from infra.settings.tags import PermissionsBoundary, Tags

# GitHub's own limits of names; no character that IAM's StringLike or a subject means something by.
GitHubEnvironment = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,254}$")]
Branch = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,254}$")]


class DeploymentSettings(Settings):
    """From where one environment may be deployed: a GitHub environment, or a branch."""

    environment: str
    """Of infra/environments.py."""
    github_environment: GitHubEnvironment | None = None
    """Its protection rules say which branches may deploy, and who has to agree."""
    branch: Branch | None = None
    """A job that names no GitHub environment, on this branch."""

    @model_validator(mode="after")
    def from_one_place(self) -> Self:
        """Refuse both and none: GitHub's subject has one of them."""
        if (self.github_environment is None) is (self.branch is None):
            raise ValueError(
                f"{self.environment}: expected either github_environment or branch, "
                "because the subject of GitHub's token names one of them"
            )
        return self

    @property
    def subject(self) -> str:
        """What follows the repository in the subject of GitHub's token.

        https://docs.github.com/en/actions/reference/security/oidc
        """
        if self.github_environment:
            return f"environment:{self.github_environment}"
        return f"ref:refs/heads/{self.branch}"


class DeliverySettings(Settings):
    """Who may deploy."""

    repository: str | None = Field(
        default=None, pattern=r"^[A-Za-z0-9-]{1,39}/[A-Za-z0-9._-]{1,100}$", examples=["me/my-lake"]
    )
    """Of GitHub; None: `-c repository=owner/name` says it."""
    deployments: tuple[DeploymentSettings, ...] = Field(min_length=1)
    provider_exists: bool = False
    """Whether the account has GitHub's OIDC provider already: it can have one."""
    session_hours: int = Field(default=4, ge=1, le=12)
    """How long a deploy may take; MWAA takes up to three hours to create an environment."""
    tags: Tags = Field(default={}, validate_default=True)
    permissions_boundary: PermissionsBoundary | None = None

    @model_validator(mode="after")
    def each_environment_once(self) -> Self:
        """Refuse an environment with two roles."""
        names = [deployment.environment for deployment in self.deployments]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"deployments of {', '.join(twice)}: expected one an environment")
        return self
