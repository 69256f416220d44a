"""The upload of the bundle to the Airflow bucket, one deployment a prefix."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from aws_cdk import Fn, Size
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_assets as s3_assets
from aws_cdk import aws_s3_deployment as s3_deployment
from constructs import Construct

from infra.bundle import Bundle

DAGS_PREFIX = "dags/"
WHEELS_DISK_GIB = 2
"""Of the function that copies the parts by way of its disk, where plugins.zip may have 1 GB."""


@dataclass(frozen=True, kw_only=True)
class DeployedObject:
    """An object of the Airflow bucket: its key and the version that the deployment wrote."""

    key: str
    version_id: str


class BundleDeployment(Construct):
    """Uploads the bundle; `dags/` mirrors the checkout, every other part is a versioned object.

    A versioned part is named by its content's hash below its prefix, because the deployment
    reports an object's version only for an asset that it copies as it is. Parts that are no longer
    used are kept: an environment that rolls back finds the very object and version it had.
    `with_wheels` says that plugins.zip is large.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        bundle: Bundle,
        airflow_bucket: s3.IBucket,
        log_group: logs.ILogGroup,
        with_wheels: bool = False,
    ) -> None:
        super().__init__(scope, id)
        self._bucket = airflow_bucket
        self._log_group = log_group
        self._disk = Size.gibibytes(WHEELS_DISK_GIB) if with_wheels else None
        # What empties the bucket stands before anything is in it: a failed create can roll back.
        self.node.add_dependency(airflow_bucket)
        self.dags = s3_deployment.BucketDeployment(
            self,
            "Dags",
            destination_bucket=airflow_bucket,
            destination_key_prefix=DAGS_PREFIX,
            sources=[s3_deployment.Source.asset(str(bundle.dags))],
            prune=True,
            log_group=log_group,
            ephemeral_storage_size=self._disk,
        )
        self.plugins = self._versioned("Plugins", "plugins/", bundle.plugins)
        self.requirements = self._versioned("Requirements", "requirements/", bundle.requirements)
        self.startup_script = self._versioned("StartupScript", "startup/", bundle.startup_script)

    def _versioned(self, id: str, prefix: str, path: Path) -> DeployedObject:
        asset = s3_assets.Asset(self, f"{id}Asset", path=str(path))
        deployment = s3_deployment.BucketDeployment(
            self,
            id,
            destination_bucket=self._bucket,
            destination_key_prefix=prefix,
            sources=[s3_deployment.Source.bucket(asset.bucket, asset.s3_object_key)],
            extract=False,
            prune=False,
            log_group=self._log_group,
            ephemeral_storage_size=self._disk,
        )
        return DeployedObject(
            key=prefix + Fn.select(0, deployment.object_keys),
            version_id=Fn.select(0, deployment.object_version_ids),
        )
