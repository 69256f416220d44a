"""Make constraints.txt and the locks of MWAA's packages; README.md says when and from what.

    .venv/bin/python requirements/lock.py IMAGE CONSTRAINTS

IMAGE        the packages of the MWAA image, name==version a line
CONSTRAINTS  Airflow's own constraints file of that version
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
UV = FOLDER.parent / ".tools" / "bin" / "uv"
SOURCE_ONLY = "psycopg2"
"""In the image, and without a wheel; psycopg2-binary, also there, is the same module."""
UNLISTED = "wcwidth"
"""Not in the image's list, and yet in the image: Celery's worker does not start without it."""


def pinned_lines(path: Path) -> list[str]:
    """Return the lines `name==version` of a requirements file, without its options."""
    lines = [line.strip() for line in path.read_text().splitlines()]
    return [line for line in lines if line and not line.startswith(("#", "-"))]


def compile_lock(requirements: list[str], *options: str) -> dict[str, str]:
    """Resolve `requirements` to wheels; return each package's hashed entry by its name."""
    resolved = subprocess.run(
        [
            *(str(UV), "pip", "compile", "-", "--quiet", "--python-version", "3.12"),
            *("--generate-hashes", "--no-header", "--no-annotate", "--no-emit-index-url"),
            *("--only-binary", ":all:"),
            *options,
        ],
        input="\n".join(requirements),
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout
    entries = re.split(r"^(?=\S)", resolved, flags=re.MULTILINE)
    return {entry.partition("==")[0]: entry for entry in entries if entry}


def main(image: Path, constraints: Path) -> None:
    """Write the two locks and the constraints file."""
    image_pins = pinned_lines(image)
    wheels = [pin for pin in image_pins if not pin.startswith(f"{SOURCE_ONLY}==")]
    in_image = compile_lock([*wheels, UNLISTED], "--no-deps", f"--constraint={constraints}")
    needed = compile_lock(
        pinned_lines(FOLDER / "requirements.txt"),
        f"--constraint={image}",
        f"--constraint={constraints}",
    )
    added = {name: entry for name, entry in needed.items() if name not in in_image}

    (FOLDER / "locks" / "mwaa-image.txt").write_text("".join(in_image.values()))
    (FOLDER / "locks" / "mwaa-requirements.txt").write_text("".join(added.values()))
    entries = [*in_image.values(), *added.values()]
    pins = {*image_pins, *(entry.split()[0] for entry in entries)}
    (FOLDER / "constraints.txt").write_text("".join(f"{pin}\n" for pin in sorted(pins)))


if __name__ == "__main__":
    match sys.argv[1:]:
        case [image_file, constraints_file]:
            main(Path(image_file), Path(constraints_file))
        case _:
            sys.exit(__doc__)
