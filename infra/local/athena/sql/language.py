"""A dialect of SQL, as far as expressions go: which of them there are, and what each means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlglot import exp

from infra.local.athena.sql import functions
from infra.local.athena.sql.expressions import RULES, Rule
from infra.local.athena.sql.functions.registry import Registry


@dataclass(frozen=True, slots=True)
class Language:
    """The expressions and the functions that a dialect has."""

    rules: Mapping[type[exp.Expr], Rule]
    functions: Registry
    unsupported: frozenset[str]
    """Functions of the dialect without a rule here: refused by name."""


ATHENA = Language(RULES, functions.ATHENA, functions.UNSUPPORTED)
