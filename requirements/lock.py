"""Make constraints.txt and the locks of MWAA's packages; README.md says when and from what.

    .venv/bin/python requirements/lock.py [IMAGE CONSTRAINTS]
    .venv/bin/python requirements/lock.py --image-only IMAGE CONSTRAINTS

IMAGE        the packages of the MWAA image, name==version a line
CONSTRAINTS  Airflow's own constraints file of that version

Without them, the image stays, and only what requirements.txt adds to it is locked anew. Wheels of
your own lie in plugins/. With --image-only it is the lock of another version than the bundle's, for
the laptop to rehearse an upgrade from: locks/mwaa-image-<version>.txt.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
PLUGINS = FOLDER.parent / "plugins"
IMAGE_LOCK = FOLDER / "locks" / "mwaa-image.txt"
REQUIREMENTS_LOCK = FOLDER / "locks" / "mwaa-requirements.txt"
CONSTRAINTS = FOLDER / "constraints.txt"
UV = FOLDER.parent / ".tools" / "bin" / "uv"
SOURCE_ONLY = "psycopg2"
"""In the image, and without a wheel; psycopg2-binary, also there, is the same module."""
COMPILED = "dill"
"""In the image of 3.0.6 at a version without a wheel; pure Python, and compiled in a moment."""
UNLISTED = "wcwidth"
"""Not in the image's list, and yet in the image: Celery's worker does not start without it."""


def pinned_lines(path: Path) -> list[str]:
    """Return the lines `name==version` of a requirements file, without its options."""
    lines = [line.strip() for line in path.read_text().splitlines()]
    return [line for line in lines if line and not line.startswith(("#", "-"))]


def entries(lock: str) -> dict[str, str]:
    """Return each package's hashed entry of a lock by its name."""
    found = re.split(r"^(?=\S)", lock, flags=re.MULTILINE)
    return {entry.partition("==")[0]: entry for entry in found if entry}


def compile_lock(requirements: list[str], *options: str) -> dict[str, str]:
    """Resolve `requirements` to wheels of MWAA's platform; return their entries by name."""
    resolved = subprocess.run(
        [
            *(str(UV), "pip", "compile", "-", "--quiet", "--python-version", "3.12"),
            *("--python-platform", "x86_64-manylinux_2_34"),
            *("--generate-hashes", "--no-header", "--no-annotate", "--no-emit-index-url"),
            *("--only-binary", ":all:"),
            *options,
        ],
        input="\n".join(requirements),
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout
    return entries(resolved)


def lock_image(image_pins: list[str], constraints: Path, *options: str) -> dict[str, str]:
    """Return the hashed entries of the packages of an image."""
    wheels = [pin for pin in image_pins if not pin.startswith(f"{SOURCE_ONLY}==")]
    return compile_lock([*wheels, UNLISTED], "--no-deps", f"--constraint={constraints}", *options)


def write_image_lock(image: Path, constraints: Path) -> None:
    """Write the lock of an image alone, named by its version of Airflow."""
    in_image = lock_image(pinned_lines(image), constraints, "--no-binary", COMPILED)
    version = in_image["apache-airflow"].split()[0].partition("==")[2]
    lock = IMAGE_LOCK.with_name(f"{IMAGE_LOCK.stem}-{version}.txt")
    lock.write_text("".join(in_image.values()))


def lock_requirements(in_image: dict[str, str], image_pins: list[str], *constraints: Path) -> None:
    """Write the lock of what the requirements add to the image, and the constraints of both.

    What was locked and still fits stays at its version.
    """
    with tempfile.TemporaryDirectory() as folder:
        lock = Path(folder) / "lock.txt"
        shutil.copyfile(REQUIREMENTS_LOCK, lock)
        compile_lock(
            pinned_lines(FOLDER / "requirements.txt"),
            *(f"--constraint={path}" for path in constraints),
            f"--find-links={PLUGINS}",
            f"--output-file={lock}",
        )
        needed = entries(lock.read_text())
    added = {name: entry for name, entry in needed.items() if name not in in_image}
    REQUIREMENTS_LOCK.write_text("".join(added.values()))
    pins = {*image_pins, *(entry.split()[0] for entry in (*in_image.values(), *added.values()))}
    CONSTRAINTS.write_text("".join(f"{pin}\n" for pin in sorted(pins)))


def lock_all(image: Path, constraints: Path) -> None:
    """Write the two locks and the constraints file."""
    image_pins = pinned_lines(image)
    in_image = lock_image(image_pins, constraints)
    IMAGE_LOCK.write_text("".join(in_image.values()))
    lock_requirements(in_image, image_pins, image, constraints)


def lock_added() -> None:
    """Write what the requirements add to the image that is locked."""
    source_only = [pin for pin in pinned_lines(CONSTRAINTS) if pin.startswith(f"{SOURCE_ONLY}==")]
    lock_requirements(entries(IMAGE_LOCK.read_text()), source_only, IMAGE_LOCK)


if __name__ == "__main__":
    match sys.argv[1:]:
        case []:
            lock_added()
        case ["--image-only", image_file, constraints_file]:
            write_image_lock(Path(image_file), Path(constraints_file))
        case [image_file, constraints_file]:
            lock_all(Path(image_file), Path(constraints_file))
        case _:
            sys.exit(__doc__)
