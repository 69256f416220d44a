"""The bundle as a folder that containers mount, below the paths that MWAA has."""

from __future__ import annotations

import filecmp
import shutil
import tempfile
from pathlib import Path

from infra.bundle import build_bundle
from infra.local.mwaa.bundle import unpack
from infra.rehearsal.package import Package


def write_bundle(folder: Path, *, repository: Path, package: Package | None = None) -> None:
    """Make `folder` hold dags/, plugins/, requirements/ and startup/ of the checkout.

    With `package`, plugins and requirements are those of the package. The folders stay the same,
    and so do files that have not changed: containers have them mounted.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix="bundle-") as name:
        fresh = Path(name) / "fresh"
        bundle = build_bundle(repository=repository, destination=Path(name) / "bundle")
        plugins_zip = package.plugins_zip if package else bundle.plugins
        unpack(plugins_zip.read_bytes(), fresh / "plugins")
        shutil.copytree(bundle.dags, fresh / "dags")
        for path, target in (
            (package.requirements if package else bundle.requirements, "requirements"),
            (bundle.startup_script, "startup"),
        ):
            (fresh / target).mkdir()
            shutil.copyfile(path, fresh / target / path.name)
        _mirror(fresh, folder)


def _mirror(source: Path, target: Path) -> None:
    """Make the folder `target` equal to `source`, readable by the user of the containers."""
    target.mkdir(exist_ok=True)
    target.chmod(0o755)
    wanted = {path.name: path for path in source.iterdir()}
    for path in target.iterdir():
        same_kind = path.name in wanted and path.is_dir() == wanted[path.name].is_dir()
        if not same_kind:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    for name, path in wanted.items():
        copy = target / name
        if path.is_dir():
            _mirror(path, copy)
        elif not copy.exists() or not filecmp.cmp(path, copy, shallow=False):
            partial = copy.with_name(f".{name}.partial")
            shutil.copyfile(path, partial)
            partial.chmod(0o644)
            partial.replace(copy)
