"""`lake infer`: propose a data set file from a sample of a file."""

from __future__ import annotations

import io
import tempfile
from dataclasses import replace
from pathlib import Path

from lake.convert.source import SourceFile
from lake.dataset import DataSet, FixedWidthDataSet, load_data_set

from infra.cli.check.rehearsal import Rehearsal, rehearse
from infra.cli.infer import delimited, fixed_width, json_records, json_text
from infra.cli.infer.dialect import sniff
from infra.cli.infer.proposal import Proposal, document, name_of
from infra.cli.infer.sample import Sample, read_sample
from infra.cli.landing import DATA_SETS
from infra.cli.steps import Failed, console, detail

_MOST_REJECTS = 100
_SHOWN_REJECTS = 5


def infer(
    file: Path,
    *,
    dataset: str | None,
    ruler: str,
    columns: str,
    encoding: str | None,
    header: bool | None,
    rows: int,
    out: Path | None,
    force: bool,
) -> bool:
    """Print or write a proposal; whether it reads the sample without a reject.

    Args:
        file: what to look at.
        dataset: `<domain>/<table>`; without it and without `out` the proposal is printed.
        ruler: of fixed width, as `read_ruler` takes it, or the path of a file that has it.
        columns: names for the columns, with commas between them.
        encoding: of the text; None to find out.
        header: of a delimited file; None to find out.
        rows: how many records are looked at, at most.
        out: where the file goes, `<domain>/<table>.yaml`.
        force: whether a file that is there is overwritten.

    Raises:
        Failed: nothing can be proposed, or a file would be overwritten.
    """
    target = _target(dataset, out)
    if target and target.exists() and not force:
        raise Failed(f"{target} is there already; --force overwrites it")
    sample = read_sample(file, encoding=encoding)
    names = [name.strip() for name in columns.split(",") if name.strip()]
    proposal = _propose(sample, ruler=_ruler(ruler), names=names, header=header, rows=rows)
    proposal, rehearsal = _settled(proposal, sample, target)
    text = _document(proposal, sample)
    if target:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        console.print(f"{target}: written")
    else:
        console.print(text, markup=False, end="")
    return _said(rehearsal, proposal)


def _target(dataset: str | None, out: Path | None) -> Path | None:
    target = out or (DATA_SETS / f"{dataset}.yaml" if dataset else None)
    if target is None:
        return None
    parts = (target.parent.name, target.stem) if out or not dataset else dataset.split("/")
    if target.suffix != ".yaml" or list(parts) != [name_of(part, 0, []) for part in parts]:
        raise Failed(f"{target}: should be <domain>/<table>.yaml, both of a-z, 0-9 and _")
    return target


def _ruler(text: str) -> str:
    path = Path(text)
    try:
        return path.read_text(encoding="utf-8").splitlines()[0] if path.is_file() else text
    except OSError:  # too long for a name: it is the ruler itself
        return text


def _propose(
    sample: Sample, *, ruler: str, names: list[str], header: bool | None, rows: int
) -> Proposal:
    """By the first format that fits: JSON, fixed width with a ruler, delimited, fixed width."""
    if not ruler and (objects := json_records.records_of(sample)):
        return json_text.propose_json(sample, objects, rows=rows)
    dialect = None if ruler else sniff(sample.head)
    if dialect:
        return delimited.propose_delimited(
            sample, dialect, header=header, names=names, rows=rows
        )  # fmt: skip
    records = fixed_width.records_of(sample)
    if records is None:
        raise Failed(
            f"{sample.path}: neither JSON, nor delimited (no delimiter gives the same number of "
            "fields), nor fixed width (its lines have different lengths)"
        )
    return fixed_width.propose_fixed_width(
        sample, records, ruler=ruler, names=names, rows=rows
    )  # fmt: skip


def _settled(proposal: Proposal, sample: Sample, target: Path | None) -> tuple[Proposal, Rehearsal]:
    """The proposal, where a column's type rejects a value of the sample as text; and its check."""
    for _ in proposal.columns:
        rehearsal = _rehearse(proposal, sample, target)
        wrong = {reject.column_name: reject.reason for reject in rehearsal.rejects}
        columns = tuple(
            replace(column, guess=column.guess.as_string(f"as {column.guess.type}: {reason}"))
            if (reason := wrong.get(column.name)) and column.guess.type != "string"
            else column
            for column in proposal.columns
        )
        if columns == proposal.columns:
            break
        proposal = replace(proposal, columns=columns)
    return proposal, rehearsal


def _rehearse(proposal: Proposal, sample: Sample, target: Path | None) -> Rehearsal:
    with tempfile.TemporaryDirectory(prefix="lake-infer-") as temporary:
        domain, table = (target.parent.name, target.stem) if target else ("domain", "table")
        path = Path(temporary) / domain / f"{table}.yaml"
        path.parent.mkdir()
        path.write_text(_document(proposal, sample), encoding="utf-8")
        data_set = load_data_set(path)
        source = SourceFile(key=sample.path.name, version_id="", size_bytes=len(proposal.data))
        return rehearse(
            data_set if sample.is_whole else _of_a_part(data_set),
            io.BytesIO(proposal.data),
            source,
            folder=Path(temporary) / "out",
            rows=0,
            rejects=_MOST_REJECTS,
        )


def _of_a_part(data_set: DataSet) -> DataSet:
    """The data set without what only a whole file has."""
    if isinstance(data_set, FixedWidthDataSet):
        layout = data_set.layout.model_copy(update={"trailer": None})
        return data_set.model_copy(update={"layout": layout})
    return data_set


def _document(proposal: Proposal, sample: Sample) -> str:
    records = len(proposal.columns[0].values)
    return document(
        proposal,
        title=[
            f"Proposed by `lake infer` from {records:,} records of {sample.path.name}: "
            f"{sample.description}.",
            "What it is not sure of is a string. Look at the comments, then: lake check",
        ],
        pattern=f"*{sample.path.suffix}",
        description=f"Records of files such as {sample.path.name}",
    )


def _said(rehearsal: Rehearsal, proposal: Proposal) -> bool:
    """Print what the sample gives with the proposal."""
    counts = rehearsal.counts
    detail(
        f"the sample as this data set: {counts.lines:,} records = {counts.rows:,} rows + "
        f"{counts.rejected:,} rejected + {counts.control:,} control"
    )
    for reject in rehearsal.rejects[:_SHOWN_REJECTS]:
        detail(f"line {reject.line_number:,}: {reject.reason} {reject.column_name or ''}")
    if rehearsal.refusal:
        detail(f"it would be refused: {rehearsal.refusal}")
    unclear = [c.name for c in proposal.columns if any("UNCLEAR" in s for s in c.guess.seen)]
    if unclear:
        detail(f"for you to decide: {', '.join(unclear)}")
    return not (rehearsal.refusal or counts.rejected)
