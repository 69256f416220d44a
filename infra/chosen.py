"""What infra/environments.py has, by name; what cannot be is refused in words.

The settings are made when that file is imported, which is here and not at the top of a command.
"""

from __future__ import annotations

import ast
from pathlib import Path
from traceback import walk_tb
from types import ModuleType

from pydantic import ValidationError

from infra.delivery.settings import DeliverySettings
from infra.settings import EnvironmentSettings, SettingsRefused
from infra.settings.refusals import explain

MODULE = "infra.environments"
ROOTS = (EnvironmentSettings, DeliverySettings)


class UnknownEnvironmentError(SettingsRefused):
    """A name that is none of the environments; the message lists them."""


def environment_settings(name: str) -> EnvironmentSettings:
    """Return the settings of the environment called `name`.

    Raises:
        UnknownEnvironmentError: there is none of that name.
        SettingsRefused: infra/environments.py has settings that cannot be.
    """
    environments = _environments().ENVIRONMENTS
    if name not in environments:
        raise UnknownEnvironmentError(
            f"unknown environment {name!r}: expected one of {', '.join(environments)} "
            "(infra/environments.py)"
        )
    found: EnvironmentSettings = environments[name]
    return found


def with_redshift(settings: EnvironmentSettings) -> EnvironmentSettings:
    """The environment with Redshift, as `-c redshift=true` asks for it.

    Raises:
        SettingsRefused: it cannot be, with the rest of the settings as it is.
    """
    try:
        return settings.on_redshift()
    except ValidationError as error:
        said = explain(error, roots=ROOTS, constant=f"{settings.name} with -c redshift=true")
        raise SettingsRefused(said) from None


def delivery_settings(*, repository: str | None = None) -> DeliverySettings:
    """Who may deploy: DELIVERY, with another `repository` if one is given.

    Raises:
        SettingsRefused: infra/environments.py has settings that cannot be, or `repository` is none.
    """
    delivery: DeliverySettings = _environments().DELIVERY
    if repository is None:
        return delivery
    try:
        return DeliverySettings(**{**dict(delivery), "repository": repository})
    except ValidationError as error:
        raise SettingsRefused(explain(error, roots=ROOTS, constant="-c repository")) from None


def _environments() -> ModuleType:
    try:
        from infra import environments  # noqa: PLC0415  # its import is what may be refused
    except ValidationError as error:
        said = explain(error, roots=ROOTS, constant=_constant(error))
        raise SettingsRefused(f"infra/environments.py:\n{said}") from None
    return environments


def _constant(error: ValidationError) -> str:
    """The constant that was being made, such as PROD."""
    name = "?"
    for frame, line in walk_tb(error.__traceback__):
        if frame.f_globals["__name__"] != MODULE:
            continue
        for statement in ast.parse(Path(frame.f_code.co_filename).read_text()).body:
            if statement.lineno <= line <= (statement.end_lineno or line):
                target = getattr(statement, "targets", [getattr(statement, "target", None)])[0]
                name = getattr(target, "id", name)
    return name
