"""A flowchart in Mermaid's words (https://mermaid.js.org/syntax/flowchart.html)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

type Shape = Literal["box", "cylinder", "stadium", "hexagon", "several", "round"]

SHAPES: dict[Shape, tuple[str, str]] = {
    "box": ("[", "]"),
    "cylinder": ("[(", ")]"),
    "stadium": ("([", "])"),
    "hexagon": ("{{", "}}"),
    "several": ("[[", "]]"),
    "round": ("(", ")"),
}
ENCRYPTED = "encrypted"
STYLE = f"classDef {ENCRYPTED} stroke-width:3px"


@dataclass(frozen=True, kw_only=True)
class Node:
    """A box with a few lines of text."""

    id: str
    lines: tuple[str, ...]
    shape: Shape = "box"
    encrypted: bool = False
    """With the environment's key."""


@dataclass(frozen=True, kw_only=True)
class Arrow:
    """From one node to another, or to and from groups, by their ids."""

    source: str
    target: str
    label: str = ""
    dotted: bool = False


@dataclass(frozen=True, kw_only=True)
class Group:
    """A frame around nodes."""

    id: str
    title: str
    nodes: tuple[Node, ...]


@dataclass(frozen=True, kw_only=True)
class Flowchart:
    """Nodes in groups or by themselves, and arrows between them."""

    arrows: Sequence[Arrow]
    groups: Sequence[Group] = ()
    nodes: Sequence[Node] = ()
    direction: Literal["LR", "TB"] = "LR"

    @property
    def all_nodes(self) -> tuple[Node, ...]:
        """Those of the groups too."""
        return (*self.nodes, *(node for group in self.groups for node in group.nodes))

    def __str__(self) -> str:
        """As a fenced block of Markdown."""
        return "\n".join(["```mermaid", *self._lines(), "```"])

    def _lines(self) -> Iterator[str]:
        yield f"flowchart {self.direction}"
        for group in self.groups:
            yield f"  subgraph {identifier(group.id)}[{quoted(group.title)}]"
            yield from (f"    {_node(node)}" for node in group.nodes)
            yield "  end"
        yield from (f"  {_node(node)}" for node in self.nodes)
        yield from (f"  {_arrow(arrow)}" for arrow in self.arrows)
        if encrypted := [identifier(node.id) for node in self.all_nodes if node.encrypted]:
            yield f"  {STYLE}"
            yield f"  class {','.join(encrypted)} {ENCRYPTED}"


def identifier(text: str) -> str:
    """Letters, digits and underscores; never a word of Mermaid's own, such as `end`."""
    return "n_" + re.sub(r"\W+", "_", text)


def quoted(text: str) -> str:
    """A text as Mermaid takes any text."""
    return '"' + text.replace("#", "#35;").replace('"', "#quot;").replace("<", "#lt;") + '"'


def _node(node: Node) -> str:
    opening, closing = SHAPES[node.shape]
    lines = "<br/>".join(quoted(line)[1:-1] for line in node.lines)
    return f'{identifier(node.id)}{opening}"{lines}"{closing}'


def _arrow(arrow: Arrow) -> str:
    line = "-.->" if arrow.dotted else "-->"
    label = f"|{quoted(arrow.label)}|" if arrow.label else ""
    return f"{identifier(arrow.source)} {line}{label} {identifier(arrow.target)}"
