# The image of docker-compose.yaml: the packages, the user and the paths of MWAA's image.
#   airflow: every component of Airflow
#   aws: the embedded AWS

# CPython 3.12, as in MWAA's image.
ARG BASE_IMAGE=python:3.12-slim-bookworm

FROM ${BASE_IMAGE} AS base
ENV LANG=C.UTF-8 TZ=UTC PYTHONUNBUFFERED=1 UV_LINK_MODE=copy
COPY requirements/locks/uv.txt /opt/lake/requirements/locks/
RUN python3.12 -m venv /opt/uv \
 && /opt/uv/bin/python -m pip install --no-cache-dir --disable-pip-version-check --require-hashes \
      --requirement /opt/lake/requirements/locks/uv.txt \
 && ln -s /opt/uv/bin/uv /usr/local/bin/uv
RUN useradd --uid 1000 --create-home --home-dir /usr/local/airflow --shell /bin/bash airflow

FROM base AS airflow
ENV AIRFLOW_HOME=/usr/local/airflow \
    VIRTUAL_ENV=/usr/local/airflow/.local \
    PATH=/usr/local/airflow/.local/bin:/usr/local/bin:/usr/bin:/bin \
    AWS_CONFIG_FILE=/opt/lake/infra/container/aws.config \
    AWS_SHARED_CREDENTIALS_FILE=/dev/null \
    AWS_EC2_METADATA_DISABLED=true
USER airflow
WORKDIR /usr/local/airflow
COPY requirements/locks/mwaa-image.txt /opt/lake/requirements/locks/
# The folders that are mounted over, here and below: a new volume takes their owner.
RUN mkdir -p dags plugins requirements startup logs .cache/uv \
 && python3.12 -m venv .local \
 && uv pip install --quiet --no-cache --no-deps --compile-bytecode --require-hashes \
      --requirements /opt/lake/requirements/locks/mwaa-image.txt
RUN mkdir environment reports mwaa
COPY infra /opt/lake/infra
WORKDIR /opt/lake
ENTRYPOINT ["python", "-m", "infra.container"]

FROM base AS aws
ENV VIRTUAL_ENV=/opt/emulator PATH=/opt/emulator/bin:/usr/local/bin:/usr/bin:/bin
COPY requirements/locks/emulator.txt /opt/lake/requirements/locks/
RUN uv venv --quiet --python python3.12 /opt/emulator \
 && uv pip sync --quiet --no-cache --compile-bytecode --require-hashes \
      /opt/lake/requirements/locks/emulator.txt \
 && install --directory --owner airflow /var/lib/lake
COPY infra /opt/lake/infra
USER airflow
WORKDIR /opt/lake
CMD ["python", "-m", "infra.local.emulator"]
