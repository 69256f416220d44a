"""What the code of a bundle imports, also inside of its tasks, held to what MWAA has."""

from __future__ import annotations

import ast
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

from packaging.utils import canonicalize_name

from infra.local.mwaa.virtualenv import REQUIREMENTS_LOCK
from infra.preflight.result import Result, failed, passed
from infra.rehearsal.requirements_file import image_pins, pins

ELSEWHERE = {"pyspark"}
"""Imported by what does not run on MWAA: the job of EMR Serverless."""
SHOWN = 5


def installed_on_mwaa(folders: Iterable[Path]) -> Result:
    """Whether every package that the code in `folders` imports is in the image or is installed."""
    check = "dags: packages"
    wanted = imported_modules(list(folders))
    there = image_pins().keys() | pins(REQUIREMENTS_LOCK.read_text()).keys()
    packages = packages_distributions()
    foreign = [
        f"{module} ({places[0]})"
        for module, places in sorted(wanted.items())
        if not {canonicalize_name(name) for name in packages.get(module, ())} & there
    ]
    if foreign:
        return failed(
            check,
            f"neither in MWAA's image nor in requirements.txt: {', '.join(foreign[:SHOWN])}",
            "add it to requirements/requirements.txt, and make the locks anew",
        )
    return passed(check, f"{len(wanted)} are imported, all in the image or in requirements.txt")


def imported_modules(folders: list[Path]) -> dict[str, list[str]]:
    """The top-level modules that are imported, each with its places as `file:line`.

    Not those of the standard library or of the folders themselves, nor what may be missing: below
    `try` or `if TYPE_CHECKING`.
    """
    own = {path.stem for folder in folders for path in folder.iterdir()}
    found = defaultdict(list)
    for folder in folders:
        for path in sorted(folder.rglob("*.py")):
            try:
                tree = ast.parse(path.read_bytes())
            except SyntaxError:  # which is the import's own error
                continue
            for node, module in _imports(tree):
                if module not in sys.stdlib_module_names | own | ELSEWHERE:
                    found[module].append(f"{path.relative_to(folder)}:{node.lineno}")
    return dict(found)


def _imports(node: ast.AST) -> Iterator[tuple[ast.Import | ast.ImportFrom, str]]:
    if isinstance(node, ast.Try) or (isinstance(node, ast.If) and _for_types(node.test)):
        return
    if isinstance(node, ast.Import):
        yield from ((node, alias.name.partition(".")[0]) for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
        yield node, node.module.partition(".")[0]
    for child in ast.iter_child_nodes(node):
        yield from _imports(child)


def _for_types(test: ast.expr) -> bool:
    name = test.attr if isinstance(test, ast.Attribute) else getattr(test, "id", "")
    return name == "TYPE_CHECKING"
