from __future__ import annotations

import logging
import sys

from infra.local.emulator.journal import OneLine


def test_a_failure_is_one_line_that_says_what_and_where() -> None:
    try:
        raise ValueError("first\nsecond")
    except ValueError:
        record = logging.LogRecord(
            "s3", logging.ERROR, __file__, 1, "not %s", ("saved",), sys.exc_info()
        )
    line = OneLine("%(levelname)s %(name)s: %(message)s").format(record)
    assert "\n" not in line
    assert line.startswith("ERROR s3: not saved [ValueError: first second at ")
    assert "test_journal.py:" in line
