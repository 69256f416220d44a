"""A task that takes a while."""

import time

from airflow.sdk import dag, task


@dag(schedule=None, is_paused_upon_creation=False)
def slow() -> None:
    @task(retries=1, retry_delay=1)
    def wait() -> int:
        time.sleep(10)
        return 1

    wait()


slow()
