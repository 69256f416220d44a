"""From `dags/datasets/<domain>/<table>.yaml` to a data set."""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from lake.dataset.declaration import NAME_PATTERN
from lake.dataset.delimited import DelimitedDataSet
from lake.dataset.errors import DataSetError, Problem, problems_of
from lake.dataset.fixed_width import FixedWidthDataSet
from lake.dataset.json_text import JsonDataSet
from lake.dataset.model import DataSet

FORMATS: Mapping[str, type[DataSet]] = {
    "fixed_width": FixedWidthDataSet,
    "delimited": DelimitedDataSet,
    "json": JsonDataSet,
}
"""The model of each format that a layout may have."""


class _UniqueKeysLoader(yaml.CSafeLoader):
    """YAML's safe types; a key given twice, which YAML would let the last win, is refused."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[tuple[str, str]] = set()
        for key, _ in node.value:
            if (key.tag, key.value) in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key `{key.value}` is given twice", key.start_mark
                )
            if isinstance(key, yaml.ScalarNode):
                seen.add((key.tag, key.value))
        return super().construct_mapping(node, deep=deep)


def find_data_sets(root: Path) -> list[Path]:
    """The data set files under `root`, sorted: every YAML file, well placed or not.

    A file in the wrong place is found too, so that `load_data_set` can say what is wrong with it.
    """
    return sorted(
        path for path in root.rglob("*") if path.suffix in (".yaml", ".yml") and path.is_file()
    )


def load_data_set(path: Path) -> DataSet:
    """Read one data set file; its place, `<domain>/<table>.yaml`, is the data set's identity.

    Raises:
        DataSetError: the file is misplaced, is not YAML, or declares what a data set cannot be;
            the message names the file, every wrong key and the expected shape.
    """
    domain, table = path.parent.name, path.stem
    if path.suffix != ".yaml" or not all(re.match(NAME_PATTERN, name) for name in (domain, table)):
        message = "should be at `<domain>/<table>.yaml`, both of a-z, 0-9 and _, a letter first"
        raise DataSetError(path, [Problem("", message)])
    document = read_yaml(path, path.read_bytes())
    for key in ("domain", "table"):
        if key in document:
            raise DataSetError(path, [Problem(key, "unknown key; the file's place says it")])
    model = _model_of(path, document)
    try:
        data_set = model.model_validate({"domain": domain, "table": table, **document})
    except ValidationError as error:
        raise DataSetError(path, problems_of(error, model, document)) from None
    from lake.engines.limits import engine_problems  # noqa: PLC0415  # which knows these models

    if problems := list(engine_problems(data_set)):
        raise DataSetError(path, problems)
    return data_set


def _model_of(path: Path, document: Mapping[str, Any]) -> type[DataSet]:
    """The model for the format that the document's layout names."""
    known = f"should be one of {', '.join(FORMATS)}"
    layout = document.get("layout")
    if not isinstance(layout, dict):
        said = f"{known} below `layout`"
        raise DataSetError(path, [Problem("layout.format", said, "layout: {format: delimited}")])
    if layout.get("format") not in FORMATS:
        said = f"{known}, not {layout.get('format')!r}"
        raise DataSetError(path, [Problem("layout.format", said, "format: delimited")])
    model: type[DataSet] = FORMATS[layout["format"]]
    return model


def read_yaml(path: Path, text: str | bytes) -> dict[str, Any]:
    """Read a mapping of YAML, the text of the file `path` or a part of it.

    Raises:
        DataSetError: it is not YAML, no mapping, or has a key twice.
    """
    try:
        # CSafeLoader's own types only; the subclass adds a check, no constructor.
        document = yaml.load(text, Loader=_UniqueKeysLoader)  # noqa: S506
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise DataSetError(path, [Problem("", f"{where}{error.problem}")]) from error
    except yaml.YAMLError as error:
        raise DataSetError(path, [Problem("", f"not YAML: {error}")]) from error
    if not isinstance(document, dict) or not all(isinstance(key, str) for key in document):
        message = "should be a mapping of keys to values"
        raise DataSetError(path, [Problem("", message, "owner: market-data")])
    return document
