"""The fields of a delimited record as expressions: their values, and why they have none.

One class for each way of writing a value, as `lake.convert.delimited` has one; the two agree field
by field.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lake.convert.delimited.columns import LONGEST_PARTITION_BYTES
from lake.convert.rejects import Reason
from lake.dataset import DelimitedColumn, DelimitedLayout
from lake.dataset.encoding import encoded_texts
from lake.dataset.time_formats import time_parts
from lake.engines.sql.dialect import Dialect, escaped
from lake.engines.sql.encoding import Encoding
from lake.engines.sql.field import WrittenField
from lake.engines.sql.rules import Fault
from lake.engines.sql.times import TimeText

_CONTROL_CHARACTER = r"[^\P{Cc}\t\r]"
"""But the tab, which is text, and CR, which is one in quotes."""


@dataclass(frozen=True, kw_only=True)
class Field(WrittenField):
    """The field of a column, in a record with the right number of them."""

    column: DelimitedColumn
    layout: DelimitedLayout
    dialect: Dialect
    encoding: Encoding
    text: str
    """A character for each byte, without quotes around it; empty where the record ends before."""
    quoted: str | None
    """Whether it has quotes around it; None where no field of the layout has."""

    def faults(self) -> Iterator[Fault]:
        """Why the field cannot be read, in the order in which a worker looks."""
        missing = self.is_missing()
        if not self.column.nullable:
            yield self.fault(missing, Reason.BLANK)
        yield self.fault(f"NOT ({missing} OR {self.is_written()})", self.reason)
        if beyond := self.beyond():
            condition = f"NOT {missing} AND {self.is_written()} AND {beyond}"
            yield self.fault(condition, Reason.OUT_OF_RANGE)

    def value(self) -> str:
        """The value where there is no fault; NULL where the field is missing."""
        return f"CASE WHEN NOT {self.is_missing()} THEN {self.written()} END"

    def is_missing(self) -> str:
        """Whether it is empty, or a word for a missing value."""
        return self.is_one_of("", *self.layout.null_values, *self.column.missing)

    def is_one_of(self, *texts: str) -> str:
        """Whether it is what the file has for one of these texts."""
        encoded = [text.decode("latin-1") for text in encoded_texts(texts, self.encoding.name)]
        if not encoded:
            return "(false)"
        return f"({self.text} IN ({', '.join(map(self.dialect.literal, encoded))}))"


@dataclass(frozen=True, kw_only=True)
class TextField(Field):
    """Text. In quotes, an empty field is an empty text, and so is a missing value's word."""

    partition: bool
    """Whether folders are named by it."""
    reason = Reason.CONTROL_CHARACTER

    def faults(self) -> Iterator[Fault]:
        """What stands for a missing value has to be text, too."""
        if not self.column.nullable:
            yield self.fault(self.is_missing(), Reason.BLANK)
        if self.partition:
            yield self.fault(f"{self.text} = ''", Reason.BLANK)
            is_long = f"length({self.text}) > {LONGEST_PARTITION_BYTES}"
            yield self.fault(is_long, Reason.TOO_LONG)
        yield self.fault(self.encoding.undecodable(self.text), Reason.ENCODING)
        yield self.fault(f"NOT {self.is_written()}", self.reason)

    def is_missing(self) -> str:
        """Not where it is in quotes."""
        missing = super().is_missing()
        return f"({missing} AND NOT {self.quoted})" if self.quoted else missing

    def is_written(self) -> str:
        """Without control characters."""
        decoded = self.encoding.decoded(self.text)
        control = [
            self.dialect.matches(decoded, _CONTROL_CHARACTER),
            self.dialect.matches(self.text, r"\r")
            + (f" AND NOT {self.quoted}" if self.quoted else ""),
        ]
        return f"(NOT {self.dialect.any_of(control)})"

    def written(self) -> str:
        """As it stands there, a doubled quote as one."""
        text, quote = self.text, self.layout.quote
        if self.quoted and quote and not self.layout.escape:
            literal = self.dialect.literal
            text = f"replace({text}, {literal(2 * quote)}, {literal(quote)})"
        return self.encoding.decoded(text)


class BooleanField(Field):
    """One of the texts for true or for false."""

    reason = Reason.NOT_A_BOOLEAN

    def is_written(self) -> str:
        """It is one of them."""
        return self.is_one_of(*self.column.true_values, *self.column.false_values)

    def written(self) -> str:
        """Whether it is one for true."""
        return self.is_one_of(*self.column.true_values)


class NumberField(Field):
    """Digits, in groups of three or not; a sign before them, and for a decimal some behind a point.

    As many as its scale at most.
    """

    reason = Reason.NOT_A_NUMBER

    def is_written(self) -> str:
        """As the layout says numbers are."""
        return self.dialect.matches(self.text, rf"\A[-+]?(?:{self._digits()})\z")

    def written(self) -> str:
        """The number; NULL where the type does not hold it."""
        return self.dialect.cast(self._plain(), self.column.glue_type)

    def beyond(self) -> str:
        """More digits than the type has."""
        return f"{self.written()} IS NULL"

    def _digits(self) -> str:
        whole, most = "[0-9]+", self.column.scale
        if self.layout.thousands:
            whole += f"|[0-9]{{1,3}}(?:{escaped(self.layout.thousands)}[0-9]{{3}})+"
        if self.column.kind != "double" and not most:
            return whole
        repeated = "+" if self.column.kind == "double" else f"{{1,{most}}}"
        fraction = f"{escaped(self.layout.decimal_point)}[0-9]{repeated}"
        return f"(?:{whole})(?:{fraction})?|{fraction}"

    def _plain(self) -> str:
        """Without what groups digits, and with a point."""
        text, literal = self.text, self.dialect.literal
        if self.layout.thousands:
            text = f"replace({text}, {literal(self.layout.thousands)}, '')"
        if self.layout.decimal_point != ".":
            text = f"replace({text}, {literal(self.layout.decimal_point)}, '.')"
        return text


class DoubleField(NumberField):
    """A floating-point number, with an exponent or without."""

    def is_written(self) -> str:
        """Neither infinity nor NaN is one."""
        form = rf"\A[-+]?(?:{self._digits()})(?:[eE][-+]?[0-9]+)?\z"
        return self.dialect.matches(self.text, form)

    def beyond(self) -> str:
        """Larger than any."""
        return f"abs({self.written()}) = {self.dialect.cast("'Infinity'", 'double')}"


class TimeField(Field):
    """A date or a timestamp, in the first of the column's formats that fits."""

    @property
    def reason(self) -> Reason:
        """By the type of the column."""
        return Reason.NOT_A_DATE if self.column.kind == "date" else Reason.NOT_A_TIMESTAMP

    def is_written(self) -> str:
        """In one of the formats."""
        return self.dialect.any_of([form.is_written() for form in self._forms()])

    def written(self) -> str:
        """The day or the moment."""
        cases = (
            f"WHEN {form.is_written()} THEN {form.value(self.column.kind)}"
            for form in self._forms()
        )
        return f"CASE {' '.join(cases)} END"

    def _forms(self) -> Iterator[TimeText]:
        for form in self.column.formats:
            yield TimeText(
                dialect=self.dialect,
                form=form,
                parts=time_parts(form),
                text=self.text,
                part=self._part,
            )

    def _part(self, place: slice) -> str:
        return f"substr({self.text}, {place.start + 1}, {place.stop - place.start})"


def field_of(
    column: DelimitedColumn,
    layout: DelimitedLayout,
    *,
    dialect: Dialect,
    encoding: Encoding,
    text: str,
    quoted: str | None,
    partition: bool,
) -> Field:
    """The field of a column, by its type."""
    if column.kind == "string":
        return TextField(
            column=column,
            layout=layout,
            dialect=dialect,
            encoding=encoding,
            text=text,
            quoted=quoted,
            partition=partition,
        )
    return _type_of_field(column)(
        column=column, layout=layout, dialect=dialect, encoding=encoding, text=text, quoted=quoted
    )


def _type_of_field(column: DelimitedColumn) -> type[Field]:
    match column.kind:
        case "boolean":
            return BooleanField
        case "double":
            return DoubleField
        case "date" | "timestamp":
            return TimeField
        case _:
            return NumberField
