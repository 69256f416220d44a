"""The type of a column, from the texts that its values have in a sample. Unsure is a string."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from infra.cli.infer.numbers import NumberStyle, guess_number
from infra.cli.infer.times import TimeGuess, guess_times

_MISSING_WORDS = {
    "NULL", "null", "Null", "\\N", "N/A", "n/a", "NA", "na", "#N/A", "None", "none", "NaN", "nan",
    "-", "--", "?", ".", "0000-00-00", "00000000", "00/00/0000",
}  # fmt: skip
_MISSING_NUMBERS = {"-" + "9" * count for count in range(2, 8)} | {
    f"-{'9' * count}.{'9' * decimals}" for count in range(2, 6) for decimals in (1, 2)
}
_BOOLEANS = (
    ("true", "false"), ("True", "False"), ("TRUE", "FALSE"), ("t", "f"), ("T", "F"),
    ("yes", "no"), ("Yes", "No"), ("YES", "NO"), ("y", "n"), ("Y", "N"), ("S", "N"), ("s", "n"),
)  # fmt: skip
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Guess:
    """A column's type, and what was seen that speaks for it or asks for a person."""

    type: str = "string"
    formats: tuple[str, ...] = ()
    """Of a date or a timestamp."""
    booleans: tuple[str, str] | None = None
    """The words for true and false."""
    missing: tuple[str, ...] = ()
    """Words for a missing value."""
    nullable: bool = False
    seen: tuple[str, ...] = ()
    """Comments, a line each."""
    keys: dict[str, Any] = field(default_factory=dict)
    """More keys that a format's column has."""

    def as_string(self, reason: str) -> Guess:
        """The same column as text, because of `reason`."""
        return Guess(nullable=self.nullable, seen=(*self.seen, reason))


def guess_column(values: Sequence[str], *, style: NumberStyle) -> Guess:
    """The narrowest type in which every value that is not missing can be read.

    Args:
        values: texts, empty where the value is missing.
        style: how the file writes numbers.
    """
    counts = Counter(values)
    empty = counts.pop("", 0)
    if not counts:
        return Guess(nullable=True, seen=(f"all {len(values):,} values are missing",))
    words = [word for word in counts if word in _MISSING_WORDS]
    typed = [value for value in counts if value not in _MISSING_WORDS]
    guess = _typed(typed, style) if typed else Guess()
    missing: tuple[str, ...] = ()
    if guess.type == "string":
        guess = _as_text(counts, guess, words)
    else:
        missing = (*words, *_missing_numbers(typed, guess, counts))
        if set(missing) - set(words):
            guess = _typed([value for value in typed if value not in missing], style)
    absent = empty + sum(counts[word] for word in missing)
    seen = _count_seen(guess, len(values) - absent, len(values))
    notes = [f"{counts[word]:,} are {word}, taken for missing" for word in missing]
    if empty:
        notes.append(f"{empty:,} are empty")
    return replace(
        guess,
        missing=missing,
        nullable=bool(absent),
        seen=(f"{seen}{_list(notes)}", *guess.seen[1:]),
    )


def _typed(values: Sequence[str], style: NumberStyle) -> Guess:
    """What all of these are; `seen` begins with a name for it."""
    for true, false in _BOOLEANS:
        both = {true, false} == set(values)
        if both or (true == "true" and set(values) <= {true, false}):
            return Guess("boolean", booleans=(true, false), seen=(f"{true} or {false}",))
    if times := guess_times(values):
        return _time(times, values)
    if number := guess_number(values, style):
        return Guess(number.type, seen=(number.seen,))
    return Guess(seen=("texts",))


def _time(times: TimeGuess, values: Sequence[str]) -> Guess:
    if times.formats:
        return Guess(times.kind, formats=times.formats, seen=(" or ".join(times.formats),))
    readings = [f"{' or '.join(formats)} ({order})" for order, formats in times.readings.items()]
    asked = (
        f"UNCLEAR: such as {values[0]}, which may be {' or '.join(readings)}",
        f"mend: type: {times.kind}, and the right one as format",
    )
    return Guess(seen=("texts", *asked))


def _as_text(counts: Counter[str], guess: Guess, words: Sequence[str]) -> Guess:
    longest = max(map(len, counts))
    examples = ", ".join(repr(value) for value, _ in counts.most_common(_SHOWN))
    name = f"texts of up to {longest} characters, {len(counts):,} different, such as {examples}"
    asked = [f"{word!r} is kept as a text; missing: [{word!r}] makes it NULL" for word in words]
    return replace(guess, seen=(name, *guess.seen[1:], *asked))


def _missing_numbers(values: Sequence[str], guess: Guess, counts: Counter[str]) -> list[str]:
    """Numbers such as -9999 that stand for none: repeated, and far below all others."""
    if guess.type not in ("int", "bigint", "double") and not guess.type.startswith("decimal"):
        return []
    found = [value for value in values if value in _MISSING_NUMBERS and counts[value] > 1]
    if len(found) != 1 or len(values) == 1:
        return []
    others = [value for value in values if value != found[0]]
    negatives = [len(value) for value in others if value.startswith("-")]
    return found if max(negatives, default=0) < len(found[0]) else []


def _count_seen(guess: Guess, present: int, total: int) -> str:
    return f"{present:,} of {total:,} values are {guess.seen[0]}"


def _list(notes: Sequence[str]) -> str:
    return "".join(f"; {note}" for note in notes)
