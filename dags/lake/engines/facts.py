"""What an engine counted, as the facts that `lake.convert.reconcile` judges a file by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from lake.convert.structure import Mark, Structure, Tally
from lake.dataset import DataSet, FixedWidthDataSet
from lake.engines.sql.fixed_width import UNKNOWN

type Measures = Mapping[tuple[str, str], Decimal]
"""The sums of `Rules.measures`, by name."""


@dataclass(frozen=True, kw_only=True)
class Trailer:
    """The first record of a file that is of the trailer's type."""

    line_number: int
    record: bytes
    after: int
    """Lines behind it that hold something; none, in a file that is one of the data set."""


def facts_of(
    data_set: DataSet,
    *,
    lines: int,
    trailer: Trailer | None,
    reasons: Mapping[str, int],
    measures: Measures,
) -> Mapping[str, Any]:
    """As the reader of the data set's format gives them.

    Args:
        data_set: what the file should hold.
        lines: of the file, all of them.
        trailer: where the layout has one and the file too.
        reasons: rejected lines by reason.
        measures: of the whole file.
    """
    if not isinstance(data_set, FixedWidthDataSet):
        return {}
    structure = Structure(data_set)
    before = trailer.line_number - 1 if trailer else lines
    tally = Tally(lines=before, unknown=sum(reasons.get(reason, 0) for reason in UNKNOWN))
    tally.records = _counter(measures, "records")
    tally.unread = _counter(measures, "unread")
    scales = {column.name: column.scale for column in data_set.columns}
    sums = {name: value for (kind, name), value in measures.items() if kind == "sums"}
    tally.sums = Counter({name: int(value.scaleb(scales[name])) for name, value in sums.items()})
    structure.add(tally)
    if trailer:
        behind = lines - trailer.line_number
        structure.mark(
            Mark("trailer", trailer.line_number, structure.claims("trailer", trailer.record))
        )
        structure.add(Tally(lines=behind, empty=behind - trailer.after))
    return structure.facts


def _counter(measures: Measures, kind: str) -> Counter[str]:
    return Counter({name: int(value) for (of, name), value in measures.items() if of == kind})
