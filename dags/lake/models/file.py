"""From `dags/models/<domain>/<table>.sql` to a model: a head in YAML, then a SELECT."""

from __future__ import annotations

import re
from pathlib import Path

from lake.dataset.declaration import NAME_PATTERN
from lake.dataset.errors import DataSetError, Problem, problems_of
from lake.dataset.load import read_yaml
from lake.models.model import Model
from lake.models.query import DAYS, Query, QueryError, read_query
from pydantic import ValidationError

_HEAD = re.compile(r"\s*/\*(?P<head>.*?)\*/(?P<sql>.*)", re.DOTALL)


def find_models(root: Path) -> list[Path]:
    """The model files under `root`, sorted, well placed or not."""
    return sorted(path for path in root.rglob("*.sql") if path.is_file())


def load_model(path: Path) -> tuple[Model, Query]:
    """Read one model file; its place, `<domain>/<table>.sql`, is the model's identity.

    Raises:
        DataSetError: the file is misplaced, has no head, or declares what a model cannot be, or
            its SQL is no SELECT that fits its head; the message names the file and every problem.
    """
    domain, table = path.parent.name, path.stem
    if not all(re.match(NAME_PATTERN, name) for name in (domain, table)):
        message = "should be at `<domain>/<table>.sql`, both of a-z, 0-9 and _, a letter first"
        raise DataSetError(path, [Problem("", message)])
    found = _HEAD.fullmatch(path.read_text(encoding="utf-8"))
    if not found:
        message = "should begin with its head, a comment in YAML, and go on with a SELECT"
        raise DataSetError(path, [Problem("", message, "/* description: ... */ SELECT ...")])
    document = read_yaml(path, found["head"])
    for key in ("domain", "table", "query"):
        if key in document:
            raise DataSetError(path, [Problem(key, "unknown key; the file itself says it")])
    try:
        query = read_query(found["sql"])
        model = Model.model_validate(
            {"domain": domain, "table": table, "query": query.text, **document}
        )
    except QueryError as error:
        raise DataSetError(path, [Problem("the SELECT", str(error))]) from None
    except ValidationError as error:
        raise DataSetError(path, problems_of(error, Model, document)) from None
    if problems := _problems(model, query):
        raise DataSetError(path, problems)
    return model, query


def _problems(model: Model, query: Query) -> list[Problem]:
    """What does not fit together in a head and its SELECT."""
    problems = []
    declared = [column.name for column in model.columns]
    for name in sorted(set(query.gives) ^ set(declared)):
        where = (
            "is given by the SELECT, and no column"
            if name in query.gives
            else "is a column, and not given by the SELECT"
        )
        problems.append(Problem("columns", f"{name!r} {where}"))
    if len(set(query.gives)) != len(query.gives):
        problems.append(Problem("the SELECT", "gives a name twice"))
    if model.by_day and not query.takes_days:
        message = f"has `by_day`, and does not say which rows belong to the days :{DAYS}"
        problems.append(Problem("the SELECT", message, f"WHERE {model.by_day} IN (:{DAYS})"))
    if query.takes_days and not model.by_day:
        message = f"missing; the SELECT has :{DAYS}"
        problems.append(Problem("by_day", message, "by_day: day"))
    for name in model.rebuild_when_changed:
        if name not in query.reads:
            message = f"{name!r} is not read by the SELECT"
            problems.append(Problem("rebuild_when_changed", message))
    return problems
