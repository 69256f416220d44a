"""docs/datasets.md: the template's own sections, and the keys as the models declare them."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from lake.dataset import Column, DataSet, Layout
from lake.dataset.declaration import Declaration
from lake.dataset.load import FORMATS

from infra.docs.fields import Key, keys_of

TEMPLATE = Path(__file__).with_name("datasets.template.md")
PAGE = Path(__file__).resolve().parents[2] / "docs" / "datasets.md"

_FROM_ITS_PLACE = ("domain", "table")
_TITLES = {"fixed_width": "Fixed width", "delimited": "Delimited", "json": "JSON"}


def page() -> str:
    """The whole page.

    Raises:
        Undocumented: a key has no docstring or no example.
    """
    text = TEMPLATE.read_text(encoding="utf-8")
    return text.replace("{{ keys }}", "\n".join(_all_keys()).rstrip("\n"))


def _all_keys() -> Iterator[str]:
    """The keys of every data set, then those that each format adds."""
    common = keys_of(DataSet, hidden=_FROM_ITS_PLACE)
    yield "### Every data set\n"
    yield from _table(common)
    yield from _sections(common, base=None)
    for name, model in FORMATS.items():
        title = _TITLES.get(name, name)
        yield f"### {title}\n"
        own = keys_of(model, without=DataSet, hidden=_FROM_ITS_PLACE)
        if more := [key for key in own if key.name not in DataSet.model_fields]:
            yield from _table(more)
        yield from _sections(own, base=Column)


def _sections(keys: Sequence[Key], *, base: type[Declaration] | None) -> Iterator[str]:
    """A section for each kind of mapping among the values of these keys, and inside of them.

    Args:
        base: whose keys are left out of what extends it, as they stand elsewhere.
    """
    for mapping, paths in _places(keys, "").items():
        extends = base is not None and issubclass(mapping, base)
        also = " (besides the keys of every column)" if extends else ""
        yield f"#### {', '.join(f'`{path}`' for path in paths)}{also}\n"
        yield f"{inspect.cleandoc(mapping.__doc__ or '')}\n"
        yield from _table(keys_of(mapping, without=base if extends else None))


def _places(keys: Sequence[Key], inside: str) -> Mapping[type[Declaration], list[str]]:
    """The mappings among the values of these keys, and where each stands."""
    found: dict[type[Declaration], list[str]] = {}
    for key in keys:
        path = f"{inside}{key.name}{'[]' if key.kind.startswith('list') else ''}"
        for mapping in key.mappings:
            if mapping is Layout:  # each format has its own
                continue
            found.setdefault(mapping, []).append(path)
            for inner, paths in _places(keys_of(mapping), f"{path}.").items():
                found.setdefault(inner, []).extend(paths)
    return found


def _table(keys: Sequence[Key]) -> Iterator[str]:
    yield "| key | type | default | example | meaning |"
    yield "|---|---|---|---|---|"
    for key in keys:
        default = _code(key.default) if key.default else "**required**"
        cells = (f"`{key.name}`", key.kind, default, _code(key.example), key.meaning)
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
    yield ""


def _code(text: str) -> str:
    return f"`{text}`" if text else ""
