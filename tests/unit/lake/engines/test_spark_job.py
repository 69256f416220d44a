"""The job's script runs where it runs: on EMR, which has Python 3.9 and nothing of the lake's."""

from __future__ import annotations

import ast
import sys

from .compared import JOB


def test_it_is_of_python_3_9_and_imports_nothing_but_spark() -> None:
    tree = ast.parse(JOB.read_text(), feature_version=(3, 9))
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        for name in (
            [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else []
        )
    }
    assert imported - sys.stdlib_module_names == {"pyspark"}
