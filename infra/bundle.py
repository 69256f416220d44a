"""The bundle: what an MWAA environment runs, built so that the same content has the same bytes.

dags/              the DAGs, the data sets and the lake's own code, and a DAG file a data set
plugins.zip        the Airflow plugins, and constraints.txt, which reaches every component; where
                   there is no Internet, the wheels of the requirements too
requirements.txt   what MWAA installs
startup.sh         what MWAA runs before it installs
"""

from __future__ import annotations

import shutil
import sys
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from infra.dag_files import write_dag_files

if TYPE_CHECKING:
    from infra.wheels.offline import OfflineRequirements

CONSTRAINTS = "constraints.txt"
"""The versions that requirements.txt is installed under, in plugins.zip."""
ADVISED_BYTES = 10**9
"""Of plugins.zip, and less than what the deployment's function has of disk for wheels.

Source: Amazon MWAA user guide, "Installing custom plugins".
"""
MB = 10**6
ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time that the ZIP format can hold, given to every member."""
ZIP_MODE = 0o100644 << 16
"""A regular file, rw-r--r--, as the ZIP format's external attributes."""
UNIX = 3
"""The system that wrote the archive, so that its bytes do not depend on the platform."""


class BundleRefused(ValueError):
    """Parts that MWAA would not take, or Airflow for others; the text names the file."""


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """The built parts, each a path."""

    dags: Path
    plugins: Path
    requirements: Path
    startup_script: Path


def deployable_files(folder: Path) -> Iterator[Path]:
    """Yield the files under `folder` in a fixed order, without caches and hidden files.

    Hidden files are left behind by editors and systems; `.airflowignore` alone has a meaning.
    Raises FileNotFoundError if the folder is missing.
    """
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder}: expected a folder to bundle")
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        hidden = any(part.startswith(".") for part in relative.parts)
        if hidden and path.name != ".airflowignore":
            continue
        if "__pycache__" in relative.parts or path.suffix == ".pyc" or not path.is_file():
            continue
        yield path


def write_zip(destination: Path | IO[bytes], members: Mapping[str, Path]) -> None:
    """Write the files `members`, by their name in the archive, to the ZIP file `destination`.

    Wheels are archives themselves, and are stored as they are.
    """
    with zipfile.ZipFile(destination, "w") as archive:
        for name in sorted(members):
            member = zipfile.ZipInfo(name, date_time=ZIP_EPOCH)
            stored = name.endswith(".whl")
            member.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
            member.external_attr = ZIP_MODE
            member.create_system = UNIX
            archive.writestr(member, members[name].read_bytes())


def plugins_members(repository: Path) -> dict[str, Path]:
    """The files of plugins.zip, by their names in it."""
    plugins = repository / "plugins"
    members = {path.relative_to(plugins).as_posix(): path for path in deployable_files(plugins)}
    return members | {CONSTRAINTS: repository / "requirements" / CONSTRAINTS}


def build_bundle(
    *, repository: Path, destination: Path, offline: OfflineRequirements | None = None
) -> Bundle:
    """Build the bundle of the checkout `repository` in `destination`, whose content it replaces.

    `offline` are the requirements of an environment without a way to the Internet.

    Raises:
        FileNotFoundError: a part is missing in the checkout; with its name.
        BundleRefused: a module would take the place of another one, or plugins.zip is larger than
            MWAA takes.
    """
    shutil.rmtree(destination, ignore_errors=True)
    bundle = Bundle(
        dags=destination / "dags",
        plugins=destination / "plugins.zip",
        requirements=destination / "requirements.txt",
        startup_script=destination / "startup.sh",
    )
    dags = repository / "dags"
    for path in deployable_files(dags):
        copy = bundle.dags / path.relative_to(dags)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
    write_dag_files(bundle.dags)
    _refuse_shadows(dags=bundle.dags, plugins=repository / "plugins")

    members = plugins_members(repository)
    if offline:
        write_plugins(bundle.plugins, members | {wheel.name: wheel for wheel in offline.wheels})
        bundle.requirements.write_text(offline.text)
    else:
        write_plugins(bundle.plugins, members)
        shutil.copyfile(repository / "requirements" / "requirements.txt", bundle.requirements)
    shutil.copyfile(repository / "requirements" / "startup.sh", bundle.startup_script)
    return bundle


def _refuse_shadows(*, dags: Path, plugins: Path) -> None:
    """Raise BundleRefused for a module that would take the place of another one.

    Airflow puts both folders on Python's path, and executes their files under their bare names.
    """
    below_dags, below_plugins = _modules(dags), _modules(plugins)
    for folder, modules in (("dags", below_dags), ("plugins", below_plugins)):
        if taken := sorted(modules & sys.stdlib_module_names):
            raise BundleRefused(
                f"{folder}/{taken[0]}: Python has a module {taken[0]!r} of its own, which this one "
                "would take the place of: expected another name"
            )
    if twice := sorted(below_dags & below_plugins):
        raise BundleRefused(
            f"plugins/{twice[0]}: dags/ has a module {twice[0]!r}, too, and stands before it on "
            "Python's path: expected another name"
        )


def _modules(folder: Path) -> set[str]:
    """The modules and packages that stand at the top of a folder."""
    tops = {path.relative_to(folder).parts[0] for path in folder.rglob("*.py")}
    return {Path(top).stem for top in tops if not top.startswith((".", "__"))}


def write_plugins(destination: Path, members: Mapping[str, Path]) -> None:
    """Write plugins.zip. Raises BundleRefused with its largest files when it is too large."""
    write_zip(destination, members)
    if (size := destination.stat().st_size) < ADVISED_BYTES:
        return
    largest = sorted(members, key=lambda name: members[name].stat().st_size, reverse=True)[:3]
    raise BundleRefused(
        f"plugins.zip has {size / MB:,.0f} MB, and MWAA advises less than "
        f"{ADVISED_BYTES / MB:,.0f}: its largest files are {', '.join(largest)}"
    )
