"""How a function is declared: by signatures and a template, or by a rule of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from sqlglot import exp

from infra.local.athena.errors import Position, located, unsupported
from infra.local.athena.sql.coercion import coerce, coerces
from infra.local.athena.sql.scope import Typed
from infra.local.athena.types import Type

if TYPE_CHECKING:
    from infra.local.athena.sql.expressions import Expressions

Kind = Literal["scalar", "aggregate", "window"]


@dataclass(frozen=True, slots=True)
class Modifiers:
    """What may stand around the arguments of an aggregate or window function."""

    distinct: bool = False
    order: str = ""
    where: str = ""
    over: str | None = None
    """The inside of OVER; None without OVER."""
    ignore_nulls: bool = False

    def with_(self, **changes: Any) -> Modifiers:
        """A copy with some of them set."""
        return replace(self, **changes)


@dataclass(frozen=True, slots=True)
class Call:
    """One call in a query."""

    expressions: Expressions
    name: str
    nodes: tuple[exp.Expr, ...]
    position: Position
    modifiers: Modifiers

    def arguments(self, *counts: int) -> list[Typed]:
        """All arguments, translated; how many there may be can be given.

        Raises:
            QueryError: there are more or fewer.
        """
        values = self.expressions.translate_all(self.nodes)
        if counts and len(values) not in counts:
            raise self.unexpected(values)
        return values

    def argument(self, index: int) -> Typed:
        """One argument."""
        if index >= len(self.nodes):
            raise self.unexpected([])
        return self.expressions.translate(self.nodes[index])

    def constant(self, index: int) -> str:
        """An argument that has to be a literal for this engine.

        Raises:
            QueryError: NOT_SUPPORTED.
        """
        value = self.argument(index).constant
        if value is None:
            what = f"{self.name} with an argument {index + 1} that is no literal"
            raise unsupported(what, self.position)
        return value

    def take(self, value: Typed, wanted: Type) -> Typed:
        """`value` as the type that the function wants."""
        if not coerces(value.type, wanted):
            raise self.unexpected([value])
        return coerce(value, wanted)

    def unexpected(self, values: Sequence[Typed]) -> Exception:
        """The error for arguments of other types than the function has."""
        names = ", ".join(str(value.type) for value in values)
        message = f"Unexpected parameters ({names}) for function {self.name}"
        expected = self.expressions.language.functions.signatures(self.name)
        if expected:
            message += f". Expected: {', '.join(expected)}"
        return located("FUNCTION_NOT_FOUND", message, self.position)

    def aggregate(self, name: str, *arguments: str, order: bool = True) -> str:
        """A call of DuckDB's aggregate `name`, with this call's DISTINCT, FILTER and OVER."""
        modifiers = self.modifiers
        inside = ", ".join(arguments)
        if modifiers.distinct:
            inside = f"DISTINCT {inside}"
        if modifiers.order and order:
            inside = f"{inside} {modifiers.order}"
        if modifiers.ignore_nulls:
            inside = f"{inside} IGNORE NULLS"
        sql = f"{name}({inside})"
        if modifiers.where:
            sql = f"{sql} FILTER (WHERE {modifiers.where})"
        return sql if modifiers.over is None else f"{sql} OVER ({modifiers.over})"


Translate = Callable[[Call], Typed]


@dataclass(frozen=True, slots=True)
class Function:
    """A function by its Athena name."""

    kind: Kind
    translate: Translate


@dataclass(frozen=True, slots=True)
class Signature:
    """Types of the arguments, type of the result, DuckDB's text with `{0}`, `{1}`…"""

    parameters: tuple[Type, ...]
    result: Type
    template: str


class Registry:
    """The functions of one dialect of SQL, by the names that it has for them."""

    def __init__(self) -> None:
        self._functions: dict[str, Function] = {}
        self._signatures: dict[str, list[Signature]] = {}

    def find(self, name: str) -> Function | None:
        """The function of that name."""
        return self._functions.get(name)

    def function(self, *names: str, kind: Kind = "scalar") -> Callable[[Translate], Translate]:
        """Declare the rule below as the function of these names."""

        def declare(translate: Translate) -> Translate:
            for name in names:
                self._functions[name] = Function(kind, translate)
            return translate

        return declare

    def signature(
        self, names: str, parameters: Sequence[Type], result: Type, template: str
    ) -> None:
        """Declare a scalar function by types and template; names are separated by blanks."""
        for name in names.split():
            declared = self._signatures.setdefault(name, [])
            declared.append(Signature(tuple(parameters), result, template))
            self._functions[name] = Function("scalar", partial(_by_signature, declared))

    def borrow(self, other: Registry, names: str, **renamed: str) -> None:
        """Take functions of another dialect that mean the same here; `own_name="its_name"`."""
        for own, name in {**{name: name for name in names.split()}, **renamed}.items():
            self._functions[own] = other._functions[name]
            self._signatures[own] = other._signatures.get(name, [])

    def signatures(self, name: str) -> list[str]:
        """The declared signatures of a function, as error messages show them."""
        return [
            f"{name}({', '.join(map(str, each.parameters))})"
            for each in self._signatures.get(name, [])
        ]


def _by_signature(declared: Sequence[Signature], call: Call) -> Typed:
    values = call.arguments()
    candidates = [each for each in declared if len(each.parameters) == len(values)]
    exact = [
        each
        for each in candidates
        if all(v.type.name == p.name for v, p in zip(values, each.parameters, strict=True))
    ]
    for each in exact + candidates:
        if all(coerces(v.type, p) for v, p in zip(values, each.parameters, strict=True)):
            taken = (coerce(v, p).sql for v, p in zip(values, each.parameters, strict=True))
            return Typed(each.template.format(*taken), each.result)
    raise call.unexpected(values)


ATHENA = Registry()
function = ATHENA.function
signature = ATHENA.signature
