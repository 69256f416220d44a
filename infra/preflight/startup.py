"""The startup script, looked at without running it; `lake startup test` runs it."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

from infra.preflight.result import Result, failed, passed
from infra.rehearsal.startup import is_reserved

EXPORT = re.compile(r"^\s*(?:export\s+|declare\s+-x\s+)(\w+)")


def check_startup(script: Path) -> Iterator[Result]:
    """Check whether MWAA's shell can read the script, and whether it sets what MWAA sets."""
    check = "startup script: text"
    try:
        text = script.read_bytes().decode()
    except (OSError, UnicodeDecodeError) as error:
        yield failed(check, f"{script}: {error}", "expected a shell script, UTF-8")
        return
    if problem := _unreadable(script, text):
        yield failed(check, problem, f"mend {script.name}")
        return
    yield passed(check, f"{len(text.splitlines())} lines that bash reads")
    reserved = [
        f"{script.name}:{number}: {name}"
        for number, line in enumerate(text.splitlines(), start=1)
        for name in EXPORT.findall(line)
        if is_reserved(name)
    ]
    check = "startup script: variables"
    if reserved:
        yield failed(check, f"MWAA sets {', '.join(reserved)} itself", "take the line out")
        return
    yield passed(check, "none that MWAA sets itself")


def _unreadable(script: Path, text: str) -> str | None:
    if "\r" in text:
        return f"{script.name} has line ends of Windows, which bash takes for part of each line"
    read = subprocess.run(
        ["/bin/bash", "-n"], input=text, capture_output=True, text=True, check=False, timeout=60
    )
    if read.returncode:
        return f"{script.name}: {read.stderr.strip()}"
    return None
