"""The lines of requirements.txt: what pip on MWAA has no way to install, or must not be told."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from urllib.parse import urlsplit

from infra.preflight.result import Result, failed, passed, warned
from infra.rehearsal.requirements_file import Line, RequirementsFile

EDITABLE = {"-e", "--editable"}
INDEXES = {"-i", "--index-url", "--extra-index-url", "-f", "--find-links"}
REPOSITORY = re.compile(r"(^|@\s*)(git|hg|svn|bzr)\+")
ON_MWAA = "/usr/local/airflow/"
"""Where the parts of the bundle are on every component."""


def lines_installable(requirements: RequirementsFile) -> Result:
    """Whether pip on MWAA can do what each line says, and tells nobody a secret."""
    check = "requirements: lines"
    wrong = [
        f"{requirements.path}:{line.number}: {line.text}: {problem}"
        for line in requirements.lines()
        for problem in _problems(line)
    ]
    if wrong:
        return failed(check, "\n".join(wrong), "pin a released package of an index")
    loose = [
        f"{requirements.path}:{line.number}: {requirement}"
        for line, requirement in requirements.requirements()
        if not requirement.url and not any(each.operator == "==" for each in requirement.specifier)
    ]
    if loose:
        return warned(
            check,
            f"no version: {', '.join(loose)}",
            "pin each with ==: MWAA installs anew whenever a component starts",
        )
    return passed(check, "each can be installed, and pins its version")


def _problems(line: Line) -> Iterator[str]:
    if line.option in EDITABLE:
        yield "there is no source on MWAA to install from"
    elif REPOSITORY.search(line.text):
        yield "there is no git on MWAA"
    elif line.option == "--trusted-host":
        yield "pip would take packages of anybody who answers for it"
    elif line.option == "--extra-index-url":
        yield "a package of that name on either index would be installed: expected --index-url"
    if line.option in INDEXES:
        yield from _problems_of_a_place(_argument(line))
    elif line.option in {"-r", "--requirement"} and not _argument(line).startswith(ON_MWAA):
        yield f"MWAA has this one file: expected one below {ON_MWAA}plugins/"


def _problems_of_a_place(place: str) -> Iterator[str]:
    url = urlsplit(place)
    if url.username or url.password:
        yield "everybody who reads the bundle has the password: expected an index without one"
    if url.scheme and url.scheme not in {"https", "file"}:
        yield "expected https"


def _argument(line: Line) -> str:
    """What an option is given, after a space or `=`."""
    words = shlex.split(line.text.replace("=", " ", 1))
    return words[1] if len(words) > 1 else ""
