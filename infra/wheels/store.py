"""Where wheels are kept that were fetched, each by its hash."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from infra.local.mwaa.model import ConfigurationError
from infra.wheels.lock import Pin
from infra.wheels.platform import NAME, PLATFORMS, PYTHON, installs

LIMIT_SECONDS = 900
UNREACHED = ("Retrying (", "ProxyError", "PIP_NO_INDEX")
"""What pip says, or is told, where it reaches no index."""


@dataclass(frozen=True, kw_only=True)
class WheelStore:
    """A folder of wheels; `python` has the pip that fetches them."""

    folder: Path
    python: Path

    def wheels(self, pins: Collection[Pin], *, own: Collection[Path] = ()) -> list[Path]:
        """A wheel of each of `pins`, whose content is what the lock has.

        It is one of `own`, was kept, or is fetched. Raises ConfigurationError naming the package
        that has none for MWAA's platform, or that cannot be fetched.
        """
        for pin in pins:
            for wheel in own:
                if pin.names(wheel) and not pin.is_of(wheel):
                    raise ConfigurationError(
                        f"{wheel}: its content is not what the lock has for {pin}: put the wheel "
                        "back, or make the locks anew (requirements/README.md)"
                    )
        if missing := [pin for pin in pins if not self._found(pin, own)]:
            self._fetch(missing)
        found = {pin: self._found(pin, own) for pin in pins}
        if lacking := [str(pin) for pin, wheel in found.items() if not wheel]:
            raise ConfigurationError(_no_wheel(", ".join(lacking)))
        return [wheel for wheel in found.values() if wheel]

    def _found(self, pin: Pin, own: Collection[Path]) -> Path | None:
        candidates = [*own, *sorted(self.folder.glob("*.whl"))]
        named = (wheel for wheel in candidates if installs(wheel) and pin.names(wheel))
        return next((wheel for wheel in named if pin.is_of(wheel)), None)

    def _fetch(self, pins: Collection[Pin]) -> None:
        """Have pip fetch wheels, which it holds to the hashes; what it has, it keeps."""
        if not self.python.exists():
            raise ConfigurationError(f"{self.python}: expected a Python with pip: run `make setup`")
        self.folder.mkdir(parents=True, exist_ok=True)
        print(f"fetching {len(pins)} wheels to {self.folder}", file=sys.stderr)
        with tempfile.TemporaryDirectory(dir=self.folder, prefix="fetched-") as name:
            fresh, lock = Path(name) / "wheels", Path(name) / "lock.txt"
            fresh.mkdir()
            lock.write_text("".join(f"{pin.line}\n" for pin in pins))
            said = _download(self.python, lock, fresh)
            for wheel in fresh.glob("*.whl"):
                wheel.replace(self.folder / wheel.name)
        if said is not None:
            raise ConfigurationError(self._not_fetched(said, pins))

    def _not_fetched(self, said: str, pins: Collection[Pin]) -> str:
        named = [str(pin) for pin in pins if str(pin) in said]
        if "DO NOT MATCH THE HASHES" in said:
            return f"{', '.join(named)}: the index has another content than the lock:\n{said}"
        if any(word in said for word in UNREACHED) or os.environ.get("PIP_NO_INDEX"):
            return (
                f"{self.folder} has no wheel of {', '.join(map(str, pins))}, and no package index "
                "answers. Run `lake requirements package` where one does: the wheels are kept, and "
                f"the next deploy needs no network\n{said}"
            )
        if "No matching distribution" in said:
            return _no_wheel(", ".join(named))
        return f"the wheels of {', '.join(map(str, pins))} cannot be fetched:\n{said}"


def own_wheels(plugins: Path) -> Iterator[Path]:
    """The wheels that lie in the folder of the plugins, for MWAA's platform."""
    return (wheel for wheel in sorted(plugins.glob("*.whl")) if installs(wheel))


def _no_wheel(packages: str) -> str:
    return (
        f"{packages}: there is no wheel for {NAME}, and without Internet MWAA compiles nothing. "
        "Choose a version that has one, or build it into plugins/ (requirements/README.md)"
    )


def _download(python: Path, lock: Path, folder: Path) -> str | None:
    """Let pip fetch what `lock` has; None, or what it said when it failed."""
    try:
        done = subprocess.run(
            [
                *(str(python), "-m", "pip", "download", "--quiet", "--no-input"),
                *("--disable-pip-version-check", "--retries", "2"),
                *("--no-deps", "--require-hashes", "--only-binary", ":all:"),
                *("--implementation", "cp", "--python-version", PYTHON),
                *(f"--platform={platform}" for platform in PLATFORMS),
                *("--dest", str(folder), "--requirement", str(lock)),
            ],
            capture_output=True,
            text=True,
            check=False,
            timeout=LIMIT_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return f"pip was still running after {LIMIT_SECONDS} s"
    return (done.stderr + done.stdout).strip() if done.returncode else None
