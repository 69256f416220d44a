"""Which connections and variables of Airflow are secrets."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from infra.settings.base import Distinct, Settings

Beginning = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
"""Of the names of connections or variables."""


class SecretsSettings(Settings):
    """What Airflow asks Secrets Manager for: names that begin so, and no others.

    A secret is called `lake-<environment>/connections/<id>` or `…/variables/<name>`, and is made by
    a person. What begins otherwise is Airflow's own, in its metadata database.
    """

    connections: Distinct[Beginning] = ("lake_",)
    """Beginnings of connection ids; those of `notifications` are asked for besides."""
    variables: Distinct[Beginning] = ("lake_",)
    """Beginnings of the names of variables."""
