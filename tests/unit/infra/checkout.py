"""A small checkout of the repository, to build bundles from."""

from __future__ import annotations

from pathlib import Path

FILES = {
    "dags/datasets/market/quotes.yaml": "description: quotes\n",
    "dags/lake/__init__.py": "",
    "plugins/links.py": "# plugin\n",
    "requirements/constraints.txt": "pandas==3.0.5\n",
    "requirements/requirements.txt": "pandas==3.0.5\n",
    "requirements/startup.sh": "export A=1\n",
}


def make_checkout(root: Path, **more: str) -> Path:
    """Write `FILES` and `more`, text by path, below `root`."""
    for name, content in {**FILES, **more}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return root
