"""A package index of the tests' own: a folder that pip reads, with wheels that they make."""

from __future__ import annotations

import hashlib
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest


def make_wheel(
    folder: Path, name: str, version: str, *requires: str, tag: str = "py3-none-any", text: str = ""
) -> Path:
    """A wheel with a module of its name, which has `text`, and these requirements."""
    folder.mkdir(parents=True, exist_ok=True)
    wheel = folder / f"{name}-{version}-{tag}.whl"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    metadata += "".join(f"Requires-Dist: {each}\n" for each in requires)
    info = f"{name}-{version}.dist-info"
    files = {
        f"{name}.py": text,
        f"{info}/METADATA": metadata,
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n",
        f"{info}/RECORD": "",
    }
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, content in files.items():
            archive.writestr(zipfile.ZipInfo(path), content)
    return wheel


def locked(*files: Path) -> str:
    """The lines of a lock that has the files, named as name-version-…"""
    lines = []
    for file in files:
        name, version = file.name.removesuffix(".tar.gz").split("-")[:2]
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        lines.append(f"{name}=={version} \\\n    --hash=sha256:{digest}\n")
    return "".join(lines)


@dataclass(frozen=True)
class PackageIndex:
    """What pip finds, and nothing else."""

    folder: Path

    @classmethod
    def used_by_pip(cls, folder: Path, monkeypatch: pytest.MonkeyPatch) -> PackageIndex:
        """The index that pip asks from now on."""
        index = cls(folder)
        monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
        monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
        for name in ("PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_NO_INDEX"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("PIP_INDEX_URL", folder.as_uri())
        return index

    def wheel(self, name: str, version: str, *requires: str, tag: str = "py3-none-any") -> Path:
        """Add a wheel."""
        wheel = make_wheel(self.folder / name, name, version, *requires, tag=tag)
        self._list(name)
        return wheel

    def source(self, name: str, version: str) -> Path:
        """Add a source distribution."""
        path = self.folder / name / f"{name}-{version}.tar.gz"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"never opened")
        self._list(name)
        return path

    def _list(self, name: str) -> None:
        files = sorted(path.name for path in (self.folder / name).iterdir())
        links = "".join(f'<a href="{file}">{file}</a>' for file in files if file != "index.html")
        (self.folder / name / "index.html").write_text(f"<html><body>{links}</body></html>")
