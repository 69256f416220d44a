"""How long the buckets keep what."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from infra.settings.base import Settings


class StorageSettings(Settings):
    """How long the lake's buckets keep what is no longer current."""

    landing_noncurrent_days: int = Field(ge=1)
    """Days that a version of a landed file is kept after its deletion or replacement."""
    archive_days: int = Field(ge=1)
    """Days that a processed original is kept in the archive, from where backfills read it."""
    archive_rarely_read_days: int | None = Field(default=None, ge=1)
    """Days after which an archived original moves to S3 Glacier Instant Retrieval, which is cheaper
    to keep and as fast to read; None: never."""
    run_documents_days: int = Field(default=30, ge=1)
    """Days that the plan and the results of a run are kept."""
    query_results_days: int = Field(ge=1)
    """Days that the result of an Athena query is kept."""
    dags_noncurrent_days: int = Field(ge=1)
    """Days that a replaced version of a DAG file is kept in the Airflow bucket."""
    access_logs_days: int | None = Field(default=None, ge=1)
    """Days that S3's logs of requests to the buckets are kept; None: no such logs."""
    aborted_upload_days: int = Field(default=2, ge=1)
    """Days after which the parts of an unfinished multipart upload are removed."""

    @model_validator(mode="after")
    def archived_before_it_expires(self) -> Self:
        """Refuse to move originals to a colder class that they would not reach."""
        moved = self.archive_rarely_read_days
        if moved is not None and moved >= self.archive_days:
            raise ValueError(
                f"archive_rarely_read_days={moved} must be less than "
                f"archive_days={self.archive_days}"
            )
        return self
