"""Virtual environments of Airflow: the image's packages and the bundle's requirements only."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import re
import shutil
import sys
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from infra.local.mwaa.commands import CommandError, Runner
from infra.local.mwaa.model import ConfigurationError
from infra.local.mwaa.validation import IMAGE_LOCK
from infra.local.settings import LocalSettings

LIMIT_SECONDS = 540.0
"""Past nine minutes of installing, MWAA gives up. Source: the public images, `mwaa/utils`."""
REQUIREMENTS_LOCK = IMAGE_LOCK.with_name("mwaa-requirements.txt")
"""The bundle's requirements, pinned and hashed: where hashes of what is not in the image are."""
NOWHERE = "http://127.0.0.1:9"
UNCONNECTED = {
    **dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), NOWHERE),
    **dict.fromkeys(("http_proxy", "https_proxy", "all_proxy"), NOWHERE),
    **{"NO_PROXY": "", "no_proxy": ""},
    "UV_OFFLINE": "1",
}
"""What keeps uv, and whatever it starts, from connections."""
MWAA_FOLDER = "/usr/local/airflow/"
"""Where MWAA unpacks plugins and keeps DAGs; requirements.txt may name files in there."""

log = logging.getLogger(__name__)

_COMPLETE = "complete"
_MWAA_PATH = re.compile(re.escape(MWAA_FOLDER) + r"(plugins|dags)(?=/|\"|'|\s|$)")


def map_paths(requirements: str, *, plugins: Path, dags: Path) -> str:
    """`requirements` with MWAA's folders replaced by this environment's."""
    folders = {"plugins": plugins, "dags": dags}
    return _MWAA_PATH.sub(lambda match: str(folders[match[1]]), requirements)


class VirtualEnvironments:
    """The virtual environments of all Airflows, each under a key of what is in it.

    The image's packages are installed once; an environment starts as hard links to that, with
    what Python has compiled by then, which would otherwise take as long as the installation.
    """

    def __init__(self, settings: LocalSettings, runner: Runner) -> None:
        self._folder = settings.home / "venvs"
        self._uv = settings.uv
        self._runner = runner
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    def key(
        self,
        requirements: str,
        plugins_zip: bytes,
        image_lock: Path = IMAGE_LOCK,
        *,
        internet: bool = True,
    ) -> str:
        """Equal for equal content; plugins count where requirements.txt refers to them.

        Without a way to the Internet it is another one: what stands may come from an index.
        """
        locked = REQUIREMENTS_LOCK.read_bytes() if REQUIREMENTS_LOCK.exists() else b""
        referred = plugins_zip if MWAA_FOLDER in requirements else b""
        parts = [_image_key(image_lock).encode(), locked, requirements.encode(), referred]
        return digest(*parts, *([] if internet else [b"without Internet"]))

    def path(self, key: str) -> Path:
        """Where the environment with this key is, or will be."""
        return self._folder / key

    async def make(
        self,
        key: str,
        requirements: Path,
        image_lock: Path = IMAGE_LOCK,
        *,
        variables: Mapping[str, str],
        internet: bool = True,
    ) -> None:
        """Build the environment unless it stands; `variables` are those of the startup script.

        Without a way to the Internet, uv asks no index and connects to nobody. Raises
        ConfigurationError with uv's text when the requirements contradict the image's packages or
        each other, or cannot be had.
        """
        venv = self.path(key)
        async with self._locks[key]:
            if (venv / _COMPLETE).exists():
                return
            image = await self.make_image(image_lock)
            await asyncio.to_thread(_link_tree, image, venv)
            arguments = ["--requirements", str(requirements), "--constraints", str(image_lock)]
            locked = image_lock == IMAGE_LOCK and REQUIREMENTS_LOCK.exists()
            hashes = ["--constraints", str(REQUIREMENTS_LOCK)] if locked else []
            if internet:
                await self._install(venv, arguments, hashes, variables)
            else:
                await self._install_offline(venv, arguments, hashes, variables)
            (venv / _COMPLETE).touch()

    async def make_image(self, image_lock: Path = IMAGE_LOCK) -> Path:
        """The environment of an image's packages alone, built unless it stands."""
        image = self._folder / f"image-{_image_key(image_lock)}"
        async with self._locks[image.name]:
            if not (image / _COMPLETE).exists():
                self._folder.mkdir(parents=True, exist_ok=True)
                arguments = ["--quiet", "--clear", "--relocatable", "--python", _interpreter()]
                await self._run(image, "venv", *arguments, str(image))
                await self._run(
                    image, "pip", "sync", "--quiet", "--require-hashes", str(image_lock)
                )
                (image / _COMPLETE).touch()
        return image

    async def _install(
        self, venv: Path, arguments: list[str], hashes: list[str], variables: Mapping[str, str]
    ) -> None:
        install = ["pip", "install", "--quiet", *arguments]
        try:
            await self._run(venv, *install, *hashes, variables=variables)
        except CommandError as error:
            if not hashes:
                raise _not_installed(error) from None
            log.warning("these are not the locked requirements; installing them unlocked")
            try:
                await self._run(venv, *install, variables=variables)
            except CommandError as unlocked_error:
                raise _not_installed(unlocked_error) from None

    async def _install_offline(
        self, venv: Path, arguments: list[str], hashes: list[str], variables: Mapping[str, str]
    ) -> None:
        try:
            offline = {**variables, **UNCONNECTED}
            await self._install(venv, ["--no-index", *arguments], hashes, offline)
        except ConfigurationError as error:
            raise ConfigurationError(
                f"{error}\nThe subnets have no way to the Internet: requirements come as wheels in "
                "plugins.zip, which a deploy with routing='private' makes (docs/network.md)"
            ) from None

    async def _run(
        self, venv: Path, *arguments: str, variables: Mapping[str, str] | None = None
    ) -> None:
        inherited = {
            name: value
            for name, value in os.environ.items()
            if name.startswith(("UV_", "SSL_CERT_", "XDG_")) or name.upper().endswith("_PROXY")
        }
        await self._runner.run(
            [str(self._uv), *arguments],
            environment={
                "PATH": "/usr/local/bin:/usr/bin:/bin",
                "HOME": str(Path.home()),  # uv's cache is the person's own
                **inherited,
                **(variables or {}),
                "VIRTUAL_ENV": str(venv),
            },
            folder=self._folder,
            timeout_seconds=LIMIT_SECONDS,
        )


def _not_installed(error: CommandError) -> ConfigurationError:
    return ConfigurationError(
        f"The requirements could not be installed: {error.output.strip() or error.reason}"
    )


def _interpreter() -> str:
    return str(Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info.minor}")


def _image_key(image_lock: Path) -> str:
    return digest(_interpreter().encode(), image_lock.read_bytes())


def digest(*parts: bytes) -> str:
    """A short name for content: equal for equal parts only."""
    whole = hashlib.sha256()
    for part in parts:
        whole.update(hashlib.sha256(part).digest())
    return whole.hexdigest()[:16]


def _link_tree(image: Path, venv: Path) -> None:
    """A copy of a relocatable environment that shares its files, incomplete until marked."""
    shutil.rmtree(venv, ignore_errors=True)
    unfinished = shutil.ignore_patterns("*.pyc.*")  # what Python is compiling at this moment
    shutil.copytree(image, venv, symlinks=True, copy_function=os.link, ignore=unfinished)
    (venv / _COMPLETE).unlink()
