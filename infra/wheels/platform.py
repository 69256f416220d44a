"""The platform that the wheels are for, which is MWAA's and not that of this machine."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from packaging.markers import Marker
from packaging.tags import Tag, compatible_tags, cpython_tags
from packaging.utils import InvalidWheelFilename, parse_wheel_filename

PYTHON = "3.12"
GLIBC = 34
"""The image is built on Amazon Linux 2023, whose C library is glibc 2.34."""
OLDEST_GLIBC = 5
"""The first that wheels were built for (PEP 513)."""
NAME = f"manylinux x86-64 and CPython {PYTHON}"
PLATFORMS = (
    *(f"manylinux_2_{glibc}_x86_64" for glibc in range(GLIBC, OLDEST_GLIBC - 1, -1)),
    "manylinux2014_x86_64",
    "manylinux2010_x86_64",
    "manylinux1_x86_64",
)
"""The newest first, as pip prefers them."""
MARKERS = {
    "implementation_name": "cpython",
    "os_name": "posix",
    "platform_machine": "x86_64",
    "platform_python_implementation": "CPython",
    "platform_system": "Linux",
    "python_full_version": f"{PYTHON}.13",
    "python_version": PYTHON,
    "sys_platform": "linux",
}
"""What the markers of PEP 508 see there."""


@cache
def supported() -> frozenset[Tag]:
    """The tags of the wheels that pip installs there."""
    version = tuple(map(int, PYTHON.split(".")))
    interpreter = f"cp{PYTHON.replace('.', '')}"
    return frozenset(
        [
            *cpython_tags(version, abis=[interpreter], platforms=PLATFORMS),
            *compatible_tags(version, interpreter=interpreter, platforms=PLATFORMS),
        ]
    )


def installs(wheel: Path) -> bool:
    """Whether pip installs the file there, as its name says."""
    try:
        *_, tags = parse_wheel_filename(wheel.name)
    except InvalidWheelFilename:
        return False
    return bool(tags & supported())


def applies(marker: Marker | None, extras: frozenset[str]) -> bool:
    """Whether a requirement with `marker` holds there, for a package with these `extras`."""
    if marker is None:
        return True
    return any(marker.evaluate({**MARKERS, "extra": extra}) for extra in extras or {""})
