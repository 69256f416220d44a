"""The engines that compute: Athena, and those that are switched on."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from infra.settings.base import Settings

RPUS_IN_SMALL_STEPS = 512
"""https://docs.aws.amazon.com/redshift/latest/mgmt/serverless-capacity.html"""


class AthenaSettings(Settings):
    """Limits of the Athena work group."""

    scan_limit_bytes: int = Field(ge=10_000_000)
    """Bytes that one query may scan before Athena cancels it (Athena's minimum is 10 MB)."""


class SparkSettings(Settings):
    """The EMR Serverless application for files that outgrow a worker."""

    release_label: str = Field(default="emr-7.9.0", pattern=r"^emr-7\.\d+\.\d+$")
    """EMR 7.9 has Spark 3.5.5, which the tests run, too (requirements/spark.in)."""
    most_vcpus: int = Field(ge=4, le=4000)
    """Of all jobs together."""
    most_memory_gb: int = Field(ge=8, le=30_000)
    """Likewise."""
    idle_minutes: int = Field(default=5, ge=1, le=10_080)
    """After which the application stops; a job starts it again."""


class RedshiftSettings(Settings):
    """The size and the limits of the Redshift Serverless work group."""

    base_rpus: int = Field(default=8, ge=8, le=1024)
    """RPUs that a statement starts with; 8 is the least with which every feature works."""
    most_rpus: int = Field(default=32, ge=8, le=1024)
    """RPUs that it may grow to."""
    statement_timeout_seconds: int = Field(default=3600, ge=1, le=86_399)
    """After which a statement is aborted."""

    @model_validator(mode="after")
    def sizes_that_there_are(self) -> Self:
        """Refuse a size that Redshift Serverless does not offer."""
        for name in ("base_rpus", "most_rpus"):
            rpus = getattr(self, name)
            step = 8 if rpus <= RPUS_IN_SMALL_STEPS else 32
            if rpus % step:
                raise ValueError(
                    f"{name}={rpus}: expected 8 to 512 in steps of 8, or 544 to 1024 in steps of 32"
                )
        if self.most_rpus < self.base_rpus:
            raise ValueError(f"most_rpus={self.most_rpus} is less than base_rpus={self.base_rpus}")
        return self
