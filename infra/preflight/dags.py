"""The DAGs and the plugins of a bundle, imported by the environment's version of Airflow."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import BaseModel, ConfigDict

from infra.bundle import Bundle
from infra.local.mwaa.airflow import as_variables
from infra.local.mwaa.validation import refuses_option
from infra.preflight.imports import installed_on_mwaa
from infra.preflight.result import Result, failed, not_checked, passed, warned
from infra.settings.airflow_options import REFUSED_OPTIONS

LIMIT_SECONDS = 300
"""For all DAGs together, on a busy laptop."""
FILE_SECONDS = 30.0
"""Airflow's own for one file, `core.dagbag_import_timeout`."""
SLOW_SECONDS = FILE_SECONDS / 2


class File(BaseModel):
    """A DAG file that was parsed."""

    model_config = ConfigDict(frozen=True)

    seconds: float
    dags: int


class Seen(BaseModel):
    """What `infra.preflight.dag_probe` saw."""

    model_config = ConfigDict(frozen=True)

    files: Mapping[str, File]
    errors: Mapping[str, str]
    plugin_errors: Mapping[str, str]
    sections: Mapping[str, tuple[str, ...]]
    """Airflow's options, by section."""


def check_dags(
    bundle: Bundle, *, options: Mapping[str, str], airflow_version: str
) -> Iterator[Result]:
    """Check what an environment with the configuration `options` would make of `bundle`."""
    yield refused_options(options)
    installed = version("apache-airflow")
    if airflow_version != installed:
        yield not_checked("dags: import", f"they need {airflow_version}, here is {installed}")
        return
    with TemporaryDirectory(prefix="lake-preflight-") as temporary:
        home = Path(temporary).resolve()
        plugins = home / "plugins"
        plugins.mkdir()
        try:
            with zipfile.ZipFile(bundle.plugins) as archive:
                archive.extractall(plugins)
        except (OSError, zipfile.BadZipFile) as error:
            yield failed("dags: plugins", f"{bundle.plugins.name}: {error}", "build it anew")
            return
        try:
            seen = look(bundle.dags.resolve(), plugins, home=home, options=options)
        except subprocess.TimeoutExpired:
            yield failed(
                "dags: import",
                f"not done after {LIMIT_SECONDS} s",
                "do nothing slow at the top of a DAG file",
            )
            return
        except subprocess.CalledProcessError as error:
            yield failed("dags: import", f"Airflow ended: {error.stderr[-2000:]}", "see there")
            return
        yield loaded_plugins(seen, plugins)
        yield installed_on_mwaa([bundle.dags, plugins])
    yield unknown_options(options, seen)
    yield imported(bundle.dags, seen)
    yield quick(seen)


def refused_options(options: Mapping[str, str]) -> Result:
    """Whether MWAA takes every configuration option."""
    check = "dags: configuration options"
    refused = [name for name in options if REFUSED_OPTIONS.fullmatch(name) or refuses_option(name)]
    if refused:
        return failed(check, f"MWAA sets {', '.join(refused)} itself", "take them out")
    return passed(check, f"MWAA refuses none of {len(options)}")


def unknown_options(options: Mapping[str, str], seen: Seen) -> Result:
    """Whether Airflow knows every configuration option that is not the lake's own."""
    check = "dags: names of options"
    unknown = []
    for option in options:
        section, _, name = option.partition(".")
        if section != "lake" and name not in seen.sections.get(section, ()):
            unknown.append(option)
    if unknown:
        return warned(check, f"Airflow has no {', '.join(unknown)}", "look for the option's name")
    return passed(check, "Airflow has all of them")


def loaded_plugins(seen: Seen, plugins: Path) -> Result:
    """Whether plugins.zip unpacks to modules that load."""
    check = "dags: plugins"
    own = {path: text for path, text in seen.plugin_errors.items() if str(plugins) in path}
    if own:
        texts = (f"{Path(path).relative_to(plugins)}: {text}" for path, text in own.items())
        return failed(check, "\n".join(texts), "mend the module below plugins/")
    return passed(check, f"{len(list(plugins.rglob('*.py')))} modules load")


def imported(dags: Path, seen: Seen) -> Result:
    """Whether every DAG file gives DAGs; Airflow itself finds no error in an empty folder."""
    check = "dags: import"
    if seen.errors:
        texts = (f"{file}: {last_line(text)}" for file, text in sorted(seen.errors.items()))
        return failed(check, "\n".join(texts), "mend the file, or the data set or model it reads")
    count = sum(file.dags for file in seen.files.values())
    if not count:
        return failed(check, f"no DAG in {dags.name}/", "add one: README, Add a data set")
    silent = sorted(
        path.name for path in dags.glob("*.py") if not getattr(seen.files.get(path.name), "dags", 0)
    )
    if silent:
        return failed(
            check,
            f"no DAG in {', '.join(silent)}",
            "assign the DAG at the top of the file, which has to say `airflow` and `dag`",
        )
    return passed(check, f"{count} DAGs of {len(seen.files)} files, without an error")


def quick(seen: Seen) -> Result:
    """Whether every file is parsed well within Airflow's time."""
    check = "dags: time of import"
    if not seen.files:
        return not_checked(check, "no file was parsed")
    slowest = max(seen.files, key=lambda name: seen.files[name].seconds)
    seconds = seen.files[slowest].seconds
    found = f"{seconds:.1f} s of {FILE_SECONDS:.0f} at most, {slowest}"
    if seconds > FILE_SECONDS:
        return failed(check, found, "import in the tasks, and read nothing at the top")
    if seconds > SLOW_SECONDS:
        return warned(check, found, "import in the tasks, and read nothing at the top")
    return passed(check, found)


def look(dags: Path, plugins: Path, *, home: Path, options: Mapping[str, str]) -> Seen:
    """Let Airflow import `dags` and `plugins`, in a process that is told nothing of this machine.

    Raises:
        subprocess.CalledProcessError: Airflow itself does not start; with what it printed.
        subprocess.TimeoutExpired: it was not done in time.
    """
    result = home / "seen.json"
    forced = {
        "core.dags_folder": str(dags),
        "core.plugins_folder": str(plugins),
        "core.load_examples": "False",
        "core.dagbag_import_timeout": str(FILE_SECONDS),
        "logging.base_log_folder": str(home / "logs"),
    }
    subprocess.run(
        [sys.executable, "-P", "-m", "infra.preflight.dag_probe", str(dags), str(result)],
        cwd=home,
        env={
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "TZ": "UTC",
            "AIRFLOW_HOME": str(home),
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "PYTHONDONTWRITEBYTECODE": "1",
            # As on MWAA, where the bundle stands before what is installed.
            "PYTHONPATH": f"{dags}:{plugins}",
            **as_variables(options),
            **as_variables(forced),
        },
        check=True,
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
    )
    return Seen.model_validate_json(result.read_text())


def last_line(traceback: str) -> str:
    """What a traceback ends with: the error itself."""
    return traceback.strip().rpartition("\n")[2]
