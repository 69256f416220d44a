"""The fields of a fixed-width record as expressions: their values, and why they have none.

One class for each way of writing a value, as `lake.convert` has one; the two agree field by field.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lake.convert.rejects import Reason
from lake.dataset.column import WIDEST_INT64
from lake.dataset.fixed_width import FixedWidthColumn
from lake.dataset.fixed_width.time_format import parts_of
from lake.engines.sql.dialect import Dialect
from lake.engines.sql.encoding import Encoding
from lake.engines.sql.field import WrittenField
from lake.engines.sql.rules import Fault
from lake.engines.sql.times import TimeText

_BLANK = r"\A *\z"
_AROUND = r"\A +| +\z"
_CONTROL_CHARACTER = r"\p{Cc}"
_OVERPUNCHED = "{ABCDEFGHI}JKLMNOPQRpqrstuvwxy"
_DIGITS = "0123456789"
_NEGATIVE = "[}J-Rp-y]"


@dataclass(frozen=True)
class Field(WrittenField):
    """The field of a column, in a record that is long enough."""

    column: FixedWidthColumn
    dialect: Dialect
    encoding: Encoding
    record: str
    """The record's text, a character for each byte."""

    def faults(self) -> Iterator[Fault]:
        """Why the field cannot be read, in the order in which a worker looks."""
        blank = self.dialect.matches(self.text, _BLANK)
        if not self.column.nullable:
            yield self.fault(blank, Reason.BLANK)
        fine = [blank, self.is_written()]
        if self.column.missing:
            fine.append(self._is_missing())
        yield self.fault(f"NOT {self.dialect.any_of(fine)}", self.reason)
        if beyond := self.beyond():
            wrong = f"{self.is_written()} AND {beyond}"
            if self.column.missing:
                wrong += f" AND NOT {self._is_missing()}"
            yield self.fault(wrong, Reason.OUT_OF_RANGE)

    def value(self) -> str:
        """The value where there is no fault; NULL where the field is blank or missing."""
        if self.column.missing:
            return f"CASE WHEN NOT {self._is_missing()} THEN {self.written()} END"
        return self.written()

    @property
    def text(self) -> str:
        """The field as it is in the file."""
        return self.part(slice(0, self.column.width))

    @property
    def trimmed(self) -> str:
        """Without the spaces around it."""
        return self.dialect.without(self.text, _AROUND)

    def part(self, place: slice) -> str:
        """Some bytes of the field."""
        position, width = self.column.position + place.start, place.stop - place.start
        return f"substr({self.record}, {position}, {width})"

    def is_one_of(self, text: str, values: tuple[str, ...]) -> str:
        """Whether a text is one of some that the data set names."""
        latin1 = (value.encode().decode("latin-1") for value in values)
        return f"{text} IN ({', '.join(map(self.dialect.literal, latin1))})"

    def _is_missing(self) -> str:
        return f"({self.is_one_of(self.trimmed, self.column.missing)})"


class TextField(Field):
    """Text; one with a control character is a fault."""

    reason = Reason.CONTROL_CHARACTER

    def faults(self) -> Iterator[Fault]:
        """What stands for a missing value has to be text, too."""
        if not self.column.nullable:
            yield self.fault(self.dialect.matches(self.text, _BLANK), Reason.BLANK)
        yield self.fault(self.encoding.undecodable(self.text), Reason.ENCODING)
        yield self.fault(f"NOT {self.is_written()}", self.reason)

    def is_written(self) -> str:
        """Without control characters."""
        decoded = self.encoding.decoded(self.text)
        return f"(NOT {self.dialect.matches(decoded, _CONTROL_CHARACTER)})"

    def written(self) -> str:
        """Without the spaces at its end."""
        return f"nullif({self.dialect.without(self.encoding.decoded(self.text), r' +\z')}, '')"

    def value(self) -> str:
        """NULL where the text is one for a missing value."""
        if not self.column.missing:
            return self.written()
        text = self.dialect.without(self.encoding.decoded(self.text), _AROUND)
        values = ", ".join(map(self.dialect.literal, self.column.missing))
        return f"CASE WHEN NOT ({text} IN ({values})) THEN {self.written()} END"


class BooleanField(Field):
    """One of the texts for true or for false."""

    reason = Reason.NOT_A_BOOLEAN

    def is_written(self) -> str:
        """It is one of them."""
        values = (*self.column.true_values, *self.column.false_values)
        return f"({self.is_one_of(self.trimmed, values)})"

    def written(self) -> str:
        """Whether it is one for true."""
        is_true = self.is_one_of(self.trimmed, self.column.true_values)
        return f"CASE WHEN {self.is_written()} THEN {is_true} END"


class NumberField(Field):
    """Digits with spaces around them, and a sign: before them, behind them, or on the last one."""

    reason = Reason.NOT_A_NUMBER

    def is_written(self) -> str:
        """As the column says its numbers are."""
        column = self.column
        forms = {"trailing": "[0-9]+[+-]?", "overpunch": f"[0-9]*[{_DIGITS}{{A-I}}J-Rp-y]"}
        form = forms.get(column.sign or "", "[+-]?[0-9]+")
        is_number = self.dialect.matches(self.text, rf"\A *{form} *\z")
        if column.sign in ("leading", "trailing"):
            # A byte of the field is the sign's, also where it has none.
            return f"({is_number} AND {_has_room(self)})"
        return is_number

    def written(self) -> str:
        """The digits as a whole number, then its point."""
        column = self.column
        if column.kind != "decimal":
            return self.dialect.cast(self._number(), column.glue_type)
        whole = self.dialect.cast(self._number(), "decimal(18,0)")
        unit = self.dialect.decimal_literal(f"{10.0**-column.scale:.{column.scale}f}")
        return self.dialect.cast(f"{whole} * {unit}" if column.scale else whole, column.glue_type)

    def _number(self) -> str:
        """With its sign in front."""
        match self.column.sign:
            case "trailing":
                return self.dialect.replaced(self.trimmed, r"([0-9]+)([+-])\z", "$2$1")
            case "overpunch":
                digits = self.dialect.translated(self.trimmed, _OVERPUNCHED, 3 * _DIGITS)
                negative = self.dialect.matches(self.text, rf"{_NEGATIVE} *\z")
                return f"CASE WHEN {negative} THEN '-' ELSE '' END || {digits}"
            case _:
                return self.trimmed


class PointField(NumberField):
    """A decimal whose point is written."""

    def is_written(self) -> str:
        """At most as many digits behind the point as the type has."""
        column = self.column
        point, scale = f"[{column.decimal_point}]", column.scale
        fraction = f"{point}[0-9]{{1,{scale}}}"
        body = f"[0-9]+(?:{point}[0-9]{{0,{scale}}})?" + (f"|{fraction}" if scale else "")
        form = f"(?:{body})[+-]?" if column.sign == "trailing" else f"[+-]?(?:{body})"
        is_number = self.dialect.matches(self.text, rf"\A *{form} *\z")
        return f"({is_number} AND {_has_room(self)})"

    def written(self) -> str:
        """As it stands there."""
        text = self.trimmed
        if self.column.sign == "trailing":
            text = self.dialect.replaced(text, r"([0-9.,]+)([+-])\z", "$2$1")
        if self.column.decimal_point == ",":
            text = f"replace({text}, ',', '.')"
        return self.dialect.cast(text, self.column.glue_type)

    def beyond(self) -> str:
        """More digits before the point than the type has."""
        return f"{self.written()} IS NULL"


class DoubleField(Field):
    """A floating-point number, with an exponent or without."""

    reason = Reason.NOT_A_NUMBER

    def is_written(self) -> str:
        """Digits, a point among them or at one end, an exponent."""
        point = f"[{self.column.decimal_point or '.'}]"
        digits = f"(?:[0-9]+{point}?[0-9]*|{point}[0-9]+)"
        form = f"[-+]?{digits}(?:[eE][-+]?[0-9]{{1,3}})?"
        return self.dialect.matches(self.text, rf"\A *{form} *\z")

    def written(self) -> str:
        """The nearest that there is."""
        text = f"replace({self.trimmed}, ',', '.')"
        return self.dialect.cast(text, "double")

    def beyond(self) -> str:
        """Larger than any."""
        return f"abs({self.written()}) = {self.dialect.cast("'Infinity'", 'double')}"


class TimeField(Field):
    """A date, a timestamp, or a time of the day in seconds, of one format."""

    @property
    def reason(self) -> Reason:
        """By the type of the column."""
        reasons = {"date": Reason.NOT_A_DATE, "timestamp": Reason.NOT_A_TIMESTAMP}
        return reasons.get(self.column.kind, Reason.NOT_A_TIME)

    @property
    def _time(self) -> TimeText:
        form = self.column.time_format or ""
        return TimeText(
            dialect=self.dialect,
            form=form,
            parts=parts_of(form),
            text=self.text,
            part=self.part,
            pivot=self.column.pivot or 0,
        )

    def is_written(self) -> str:
        """In the format, on the calendar and on the clock."""
        return self._time.is_written()

    def written(self) -> str:
        """The day, the moment, or the seconds since midnight."""
        return self._time.value(self.column.kind)


def _has_room(field: Field) -> str:
    """Whether there are no more digits than a number can have, beside the byte of its sign."""
    column = field.column
    most = min(WIDEST_INT64, column.width - (column.sign is not None))
    return f"length({field.dialect.without(field.text, '[^0-9]')}) <= {most}"


def field_of(
    column: FixedWidthColumn, *, dialect: Dialect, encoding: Encoding, record: str
) -> Field:
    """The field of a column, by how it is written."""
    return _type_of_field(column)(column, dialect, encoding, record)


def _type_of_field(column: FixedWidthColumn) -> type[Field]:
    if column.kind == "string":
        return TextField
    if column.time_format:
        return TimeField
    if column.kind == "boolean":
        return BooleanField
    if column.kind == "double":
        return DoubleField
    return PointField if column.decimal_point else NumberField
