"""Dates, timestamps and times of the day of one format, as expressions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from lake.engines.sql.dialect import Dialect


@dataclass(frozen=True, kw_only=True)
class TimeText:
    """A text that may be written in a format."""

    dialect: Dialect
    form: str
    parts: Mapping[str, slice]
    """Where each part of the format stands in the text."""
    text: str
    part: Callable[[slice], str]
    """Some bytes of the text."""
    pivot: int = 0
    """The first year of two digits that is of the twentieth century."""

    def is_written(self) -> str:
        """Digits and separators at their places, on the calendar and on the clock."""
        parts = self.parts
        conditions = [self.dialect.matches(self.text, rf"\A{self._pattern()}\z")]
        if "YYYY" in parts:
            conditions.append(f"{self.part(parts['YYYY'])} <> '0000'")
        if "YYYY" in parts or "YY" in parts:
            conditions.append(f"{self._date()} IS NOT NULL")
        ends = {"hh": "24", "mm": "60", "ss": "60"}
        conditions += [
            f"{self.part(place)} < '{ends[name]}'" for name, place in parts.items() if name in ends
        ]
        return f"({' AND '.join(conditions)})"

    def value(self, kind: str) -> str:
        """The day, the moment, or the seconds since midnight."""
        match kind:
            case "date":
                return self._date()
            case "timestamp":
                clock = [self._clock(name) for name in ("hh", "mm", "ss")]
                text = f"{self._day()} || ' ' || {" || ':' || ".join(clock)}"
                if "f" in self.parts:
                    text += f" || '.' || rpad({self.part(self.parts['f'])}, 6, '0')"
                return self.dialect.cast(text, "timestamp")
            case _:
                weights = {"hh": 3600, "mm": 60, "ss": 1}
                seconds = (
                    f"{self.dialect.cast(self.part(self.parts[name]), 'int')} * {weight}"
                    for name, weight in weights.items()
                    if name in self.parts
                )
                return " + ".join(seconds)

    def _pattern(self) -> str:
        pattern, at = "", 0
        for place in sorted(self.parts.values(), key=lambda place: place.start):
            pattern += "".join(f"[{text}]" for text in self.form[at : place.start])
            pattern += f"[0-9]{{{place.stop - place.start}}}"
            at = place.stop
        return pattern + "".join(f"[{text}]" for text in self.form[at:])

    def _clock(self, name: str) -> str:
        return self.part(self.parts[name]) if name in self.parts else "'00'"

    def _date(self) -> str:
        """The day; NULL where the calendar has none."""
        if "DDD" not in self.parts:
            return self.dialect.cast(self._day(), "date")
        first = self.dialect.cast(f"{self._year()} || '-01-01'", "date")
        days = self.dialect.cast(self.part(self.parts["DDD"]), "int")
        day = self.dialect.days_after(first, f"{days} - 1")
        return f"CASE WHEN {days} >= 1 AND year({day}) = year({first}) THEN {day} END"

    def _day(self) -> str:
        """The day as `YYYY-MM-DD`."""
        if "DDD" in self.parts:
            return self.dialect.as_text(self._date())
        month, day = self.part(self.parts["MM"]), self.part(self.parts["DD"])
        return f"{self._year()} || '-' || {month} || '-' || {day}"

    def _year(self) -> str:
        if "YYYY" in self.parts:
            return self.part(self.parts["YYYY"])
        year = self.part(self.parts["YY"])
        century = f"CASE WHEN {year} >= '{self.pivot:02}' THEN '19' ELSE '20' END"
        return f"({century} || {year})"
