"""Airflow's configuration options, held to what MWAA and the environment's Airflow take."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

KEY = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")
KEY_MAX_LENGTH = 64
VALUE = re.compile(r"[\x20-\x7e]{1,65536}")
REFUSED_OPTIONS = re.compile(
    r"api\.(base_url|host|port|secret_key)|api_auth\.jwt_secret"
    r"|celery\.(broker_url|celery_config_options|result_backend)"
    r"|core\.(auth_manager|dags_folder|execution_api_server_url|executor|fernet_key|load_examples"
    r"|multi_team|plugins_folder|sql_alchemy_conn)"
    r"|(dag_processor|scheduler)\.standalone_dag_processor"
    r"|database\.sql_alchemy_conn"
    r"|execution_api\.jwt_expiration_time"
    r"|fab\.config_file"
    r"|logging\.(base_log_folder|logging_config_class)"
    r"|metrics\..*"
    r"|operators\.default_queue"
    r"|triggerer\.queues_enabled"
    r"|webserver\.(base_url|secret_key)"
)
"""MWAA keeps these for itself, or does not support them."""
SECRETS = re.compile(r"secrets\..*|workers\.secrets_backend.*")
OF_AIRFLOW_2: Mapping[str, str] = MappingProxyType(
    {
        "api.auth_backends": "fab.auth_backends",
        "core.dag_file_processor_timeout": "dag_processor.dag_file_processor_timeout",
        "scheduler.dag_dir_list_interval": "dag_processor.refresh_interval",
        "scheduler.file_parsing_sort_mode": "dag_processor.file_parsing_sort_mode",
        "scheduler.local_task_job_heartbeat_sec": "scheduler.task_instance_heartbeat_sec",
        "scheduler.max_callbacks_per_loop": "dag_processor.max_callbacks_per_loop",
        "scheduler.min_file_process_interval": "dag_processor.min_file_process_interval",
        "scheduler.parsing_processes": "dag_processor.parsing_processes",
        "scheduler.print_stats_interval": "dag_processor.print_stats_interval",
        "scheduler.scheduler_zombie_task_threshold": "scheduler.task_instance_heartbeat_timeout",
        "scheduler.stale_dag_threshold": "dag_processor.stale_dag_threshold",
        "scheduler.zombie_detection_interval": (
            "scheduler.task_instance_heartbeat_timeout_detection_interval"
        ),
        "webserver.hide_paused_dags_by_default": "api.hide_paused_dags_by_default",
        "webserver.instance_name": "api.instance_name",
        "webserver.page_size": "api.page_size",
        "webserver.session_lifetime_minutes": "fab.session_lifetime_minutes",
        "webserver.workers": "api.workers",
    }
)
"""Options that Airflow 3 calls otherwise, of those that are set most.

Source: `airflow config lint` of Airflow 3, which the tests compare this with.
"""
WHOLE_NUMBERS = re.compile(
    r"core\.(parallelism|max_active_(tasks|runs)_per_dag|default_task_retry_delay)"
    r"|dag_processor\.(min_file_process|refresh)_interval"
)
AUTOSCALE = re.compile(r"([1-9]\d*),(\d+)")


def checked_options(options: Mapping[str, str]) -> Mapping[str, str]:
    """Return `options` read-only, or raise ValueError for one that cannot be."""
    for key, value in options.items():
        if problem := _problem(key, value):
            raise ValueError(f"Airflow option {key!r}: {problem}")
    return MappingProxyType(dict(options))


def _problem(key: str, value: str) -> str | None:  # noqa: PLR0911  # one for each rule
    if not KEY.fullmatch(key) or len(key) > KEY_MAX_LENGTH:
        return f"expected section.name in lower case, at most {KEY_MAX_LENGTH} characters"
    if REFUSED_OPTIONS.fullmatch(key):
        return "MWAA does not let it be set"
    if key.startswith("lake."):
        return "the CDK app sets the lake's own options"
    if SECRETS.fullmatch(key):
        return "the CDK app sets it, to secrets that the execution role may read: see `secrets`"
    if new := OF_AIRFLOW_2.get(key):
        return f"it is Airflow 2's: expected {new!r}"
    if key.startswith("webserver."):
        return "Airflow 3 has no such section: expected one of 'api' or 'fab'"
    if not VALUE.fullmatch(value):
        return "expected 1 to 65,536 printable ASCII characters"
    if WHOLE_NUMBERS.fullmatch(key) and not re.fullmatch(r"[1-9]\d*", value):
        return f"expected a whole number of 1 or more, not {value!r}"
    return None


def tasks_a_worker(options: Mapping[str, str], *, of_the_class: int) -> int:
    """Tasks that a worker runs at once: as many as its class, or as `celery.worker_autoscale`.

    Raises:
        ValueError: the option is not what Celery takes, or more than the class is made for.
    """
    value = options.get("celery.worker_autoscale")
    if value is None:
        return of_the_class
    given = f"options['celery.worker_autoscale']={value!r}: "
    autoscale = AUTOSCALE.fullmatch(value)
    if not autoscale:
        raise ValueError(f"{given}expected most,least tasks of a worker, such as '5,1'")
    most, least = int(autoscale[1]), int(autoscale[2])
    if least > most:
        raise ValueError(f"{given}the least is more than the most: expected '{least},{most}'")
    if most > of_the_class:
        raise ValueError(
            f"{given}a worker of the environment's class runs {of_the_class} at once; "
            "expected fewer, or a larger environment_class"
        )
    return most
