"""What an environment of the lake may be; infra/environments.py says which there are."""

from infra.settings.airflow import TASKS_A_WORKER, AirflowSettings, LogSettings
from infra.settings.engines import AthenaSettings, RedshiftSettings, SparkSettings
from infra.settings.environment import EncryptionKeyType, EnvironmentSettings, by_name
from infra.settings.lake_formation import LakeFormationSettings
from infra.settings.network import ExistingVpc, NetworkSettings, NewVpc
from infra.settings.notifications import EmailSettings, NotificationSettings
from infra.settings.operations import METRICS_NAMESPACE, OperationsSettings, SlackSettings
from infra.settings.refusals import SettingsRefused
from infra.settings.secrets import SecretsSettings
from infra.settings.storage import StorageSettings

__all__ = [
    "METRICS_NAMESPACE",
    "TASKS_A_WORKER",
    "AirflowSettings",
    "AthenaSettings",
    "EmailSettings",
    "EncryptionKeyType",
    "EnvironmentSettings",
    "ExistingVpc",
    "LakeFormationSettings",
    "LogSettings",
    "NetworkSettings",
    "NewVpc",
    "NotificationSettings",
    "OperationsSettings",
    "RedshiftSettings",
    "SecretsSettings",
    "SettingsRefused",
    "SlackSettings",
    "SparkSettings",
    "StorageSettings",
    "by_name",
]
