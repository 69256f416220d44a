"""The files that Airflow parses, and which of them a change concerns."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from pathspec import GitIgnoreSpec

from infra.sync.mirror import Difference

IGNORE_FILE = ".airflowignore"


def dag_sources(dags: Path) -> dict[str, str]:
    """The text of each file that Airflow parses as a DAG file, by its name below `dags`.

    As Airflow finds them: Python that has the word `airflow`, and `dag` or `asset`, and that
    `.airflowignore` leaves in.
    """
    ignore_file = dags / IGNORE_FILE
    lines = ignore_file.read_text().splitlines() if ignore_file.is_file() else []
    ignored = GitIgnoreSpec.from_lines(lines)
    found = {}
    for path in sorted(dags.rglob("*.py")):
        name = path.relative_to(dags).as_posix()
        text = path.read_text()
        words = text.lower()
        wanted = "airflow" in words and ("dag" in words or "asset" in words)
        if wanted and not ignored.match_file(name):
            found[name] = text
    return found


def concerned(difference: Difference, sources: dict[str, str]) -> set[str]:
    """Those of the DAG files that a change concerns.

    A data set file concerns the DAG file of its name, and both it and a model those of all models,
    which read them; code that can be imported, and what is not known, concerns every one.
    """
    found: set[str] = set()
    models = {source for source in sources if source.endswith("_models.py")}
    for name in (*difference.uploaded, *difference.deleted):
        path = PurePosixPath(name)
        match path.parts:
            case ["datasets", domain, _] if path.suffix == ".yaml":
                found |= {f"{domain}_{path.stem}.py", *models}
            case ["models", _, _] if path.suffix == ".sql":
                found |= models
            case _ if name in sources:
                found.add(name)
            case [_] if path.suffix == ".py" and name in difference.deleted:
                pass  # a DAG file that went
            case _:
                return set(sources)
    return found & sources.keys()
