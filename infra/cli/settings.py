"""The laptop's settings, as a command gets them."""

from __future__ import annotations

from pydantic import ValidationError

from infra.cli.steps import Failed
from infra.local.settings import LocalSettings


def local_settings() -> LocalSettings:
    """The laptop's settings, from the `LAKE_*` variables.

    Raises:
        Failed: names each variable that is wrong.
    """
    try:
        return LocalSettings()
    except ValidationError as error:
        wrong = (
            f"LAKE_{str(problem['loc'][0]).upper()}={problem['input']}: {problem['msg']}"
            for problem in error.errors()
        )
        raise Failed("; ".join(wrong)) from error
