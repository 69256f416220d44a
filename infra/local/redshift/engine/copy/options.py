"""The words of COPY behind FROM.

Source: https://docs.aws.amazon.com/redshift/latest/dg/r_COPY-parameters.html
"""

from __future__ import annotations

from dataclasses import dataclass

from infra.local.redshift.engine.errors import RedshiftError, unsupported
from infra.local.redshift.engine.lexer import Cursor

_MAX_ERRORS = 100_000
_REFUSED = frozenset(
    {
        "ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN", "CREDENTIALS", "ENCRYPTED",
        "MASTER_SYMMETRIC_KEY", "SSH", "READRATIO", "AVRO", "ORC", "SHAPEFILE", "FIXEDWIDTH",
        "CSV", "DELIMITER", "ESCAPE", "REMOVEQUOTES", "IGNOREHEADER", "IGNOREBLANKLINES", "NULL",
        "QUOTE", "LZOP", "ENCODING", "EXPLICIT_IDS", "FILLRECORD", "ROUNDEC", "TRIMBLANKS",
        "ACCEPTANYDATE", "IGNOREALLERRORS", "SERIALIZETOJSON", "NOLOAD", "COMPROWS", "JOB",
    }
)  # fmt: skip
_COMPRESSIONS = ("GZIP", "ZSTD", "BZIP2")


@dataclass(slots=True)
class CopyOptions:
    """How the objects are read."""

    role_arn: str | None = None
    """None for the default role."""
    format: str = ""
    """JSON or PARQUET."""
    json_paths: str = "auto"
    """`auto`, `auto ignorecase`, or the address of a file of paths."""
    compression: str = ""
    manifest: bool = False
    max_errors: int = 0
    """With so many errors the load fails; 0 with the first."""
    time_format: str = ""
    date_format: str = ""
    truncate: bool = False
    blanks_as_null: bool = False
    empty_as_null: bool = False
    replacement: str | None = None
    """What takes the place of bytes that are no UTF-8; None refuses them."""


def read_options(cursor: Cursor) -> CopyOptions:
    """Everything behind the address.

    Raises:
        RedshiftError: an option that COPY does not have, or this engine does not.
    """
    options = CopyOptions()
    authorized = False
    while not cursor.ended:
        if cursor.accept("IAM_ROLE"):
            authorized = True
            options.role_arn = role_of(cursor)
        elif not (_format(cursor, options) or _flag(cursor, options) or _value(cursor, options)):
            if cursor.word in _REFUSED:
                raise unsupported(f"COPY with {cursor.word}")
            raise cursor.wrong()
    if not authorized:
        raise unsupported("COPY without IAM_ROLE")
    if not options.format:
        raise unsupported("COPY of delimited text")
    _check(options)
    return options


def role_of(cursor: Cursor) -> str | None:
    """The role behind IAM_ROLE: an ARN, or None for `default`."""
    if cursor.accept("DEFAULT"):
        return None
    if not cursor.is_string:
        raise cursor.wrong()
    role = cursor.string()
    if role.lower() == "default":
        return None
    if "," in role:
        raise unsupported("a chain of roles in IAM_ROLE")
    return role


def _format(cursor: Cursor, options: CopyOptions) -> bool:
    cursor.accept("FORMAT")
    cursor.accept("AS")
    if cursor.accept("PARQUET"):
        options.format = "PARQUET"
    elif cursor.accept("JSON"):
        options.format = "JSON"
        cursor.accept("AS")
        if cursor.is_string:
            options.json_paths = cursor.string()
    else:
        return False
    return True


def _flag(cursor: Cursor, options: CopyOptions) -> bool:
    if cursor.word in _COMPRESSIONS:
        options.compression = cursor.word
    elif cursor.word == "MANIFEST":
        options.manifest = True
    elif cursor.word == "TRUNCATECOLUMNS":
        options.truncate = True
    elif cursor.word == "BLANKSASNULL":
        options.blanks_as_null = True
    elif cursor.word == "EMPTYASNULL":
        options.empty_as_null = True
    else:
        return False
    cursor.skip()
    return True


def _value(cursor: Cursor, options: CopyOptions) -> bool:
    if cursor.accept("TIMEFORMAT"):
        cursor.accept("AS")
        options.time_format = cursor.string()
    elif cursor.accept("DATEFORMAT"):
        cursor.accept("AS")
        options.date_format = cursor.string()
    elif cursor.accept("MAXERROR"):
        cursor.accept("AS")
        options.max_errors = cursor.integer()
    elif cursor.accept("ACCEPTINVCHARS"):
        cursor.accept("AS")
        options.replacement = cursor.string() if cursor.is_string else "?"
    elif cursor.accept("REGION"):
        cursor.accept("AS")
        cursor.string()
    elif cursor.accept("STATUPDATE") or cursor.accept("COMPUPDATE"):
        for word in ("ON", "OFF", "TRUE", "FALSE", "PRESET"):
            cursor.accept(word)
    else:
        return False
    return True


def _check(options: CopyOptions) -> None:
    if not 0 <= options.max_errors <= _MAX_ERRORS:
        message = f"MAXERROR must be between 0 and {_MAX_ERRORS}"
        raise RedshiftError(message, "22023")
    if options.format != "PARQUET":
        return
    given = {
        options.compression: bool(options.compression),
        "MAXERROR": bool(options.max_errors),
        "TIMEFORMAT": bool(options.time_format),
        "DATEFORMAT": bool(options.date_format),
        "TRUNCATECOLUMNS": options.truncate,
        "BLANKSASNULL": options.blanks_as_null,
        "EMPTYASNULL": options.empty_as_null,
    }
    for name, is_given in given.items():
        if is_given:
            message = f"{name} argument is not supported for PARQUET based COPY"
            raise RedshiftError(message, "0A000")
