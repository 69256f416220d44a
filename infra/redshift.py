"""Redshift Serverless as a second engine for the models: a namespace, a work group, a role."""

from __future__ import annotations

import ipaddress

from aws_cdk import Aws, Fn, RemovalPolicy
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_redshiftserverless as redshiftserverless
from constructs import Construct

from infra.buckets import ARCHIVE_PREFIX, UNLOAD_PREFIX, LakeStorage
from infra.encryption import Encryption
from infra.execution_role import arn
from infra.log_groups import LakeLogGroup
from infra.network import Network
from infra.settings import EnvironmentSettings, ExistingVpc, RedshiftSettings
from infra.settings.environment import REDSHIFT_ZONES

DATABASE = "lake"
ADMIN = "lakeadmin"
LOGS = ("connectionlog", "useractivitylog", "userlog")
SUBNET_BITS = 26


class Redshift(Construct):
    """A data warehouse that is charged while statements run, reached by the Data API alone.

    Its subnets have no route out of the VPC and its security group lets nobody in: COPY and UNLOAD
    reach S3 beside the VPC, as enhanced VPC routing is off.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        redshift: RedshiftSettings,
        storage: LakeStorage,
        network: Network,
        encryption: Encryption,
        settings: EnvironmentSettings,
    ) -> None:
        super().__init__(scope, id)
        self._targets = settings.models_on
        removal_policy = RemovalPolicy.RETAIN if settings.keep_data else RemovalPolicy.DESTROY
        self.copy_role = iam.Role(
            self,
            "CopyRole",
            description=f"COPY and UNLOAD of the data warehouse {settings.prefix}",
            assumed_by=iam.PrincipalWithConditions(
                iam.CompositePrincipal(
                    iam.ServicePrincipal("redshift.amazonaws.com"),
                    iam.ServicePrincipal("redshift-serverless.amazonaws.com"),
                ),
                {
                    "StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID},
                    # The id of the namespace, which its ARN has, is known when the role is in use.
                    "ArnLike": {"aws:SourceArn": arn("redshift-serverless", "namespace/*")},
                },
            ),
        )
        permissions = iam.Policy(
            self,
            "CopyPermissions",
            statements=copy_statements(storage=storage, encryption=encryption),
            roles=[self.copy_role],
        )
        log_groups = [
            LakeLogGroup(
                self,
                f"{log}Logs",
                name=f"/aws/redshift/{settings.prefix}/{log}",
                encryption=encryption,
                settings=settings,
            )
            for log in LOGS
        ]
        self.namespace = redshiftserverless.CfnNamespace(
            self,
            "Namespace",
            namespace_name=settings.prefix,
            db_name=DATABASE,
            admin_username=ADMIN,
            manage_admin_password=True,
            admin_password_secret_kms_key_id=encryption.key_arn,
            kms_key_id=encryption.key_arn,
            default_iam_role_arn=self.copy_role.role_arn,
            iam_roles=[self.copy_role.role_arn],
            log_exports=list(LOGS),
        )
        self.namespace.apply_removal_policy(removal_policy)
        for prerequisite in (permissions, *log_groups):
            self.namespace.node.add_dependency(prerequisite)
        security_group = ec2.SecurityGroup(
            self,
            "SecurityGroup",
            vpc=network.vpc,
            security_group_name=f"{settings.prefix}-redshift",
            description=f"Data warehouse {settings.prefix}: nobody connects to it",
            allow_all_outbound=False,
        )
        self.workgroup = redshiftserverless.CfnWorkgroup(
            self,
            "Workgroup",
            workgroup_name=settings.prefix,
            namespace_name=self.namespace.ref,
            base_capacity=redshift.base_rpus,
            max_capacity=redshift.most_rpus,
            publicly_accessible=False,
            enhanced_vpc_routing=False,
            security_group_ids=[security_group.security_group_id],
            subnet_ids=self._subnet_ids(network=network, settings=settings),
            config_parameters=[
                redshiftserverless.CfnWorkgroup.ConfigParameterProperty(
                    parameter_key=name, parameter_value=value
                )
                for name, value in (
                    ("enable_user_activity_logging", "true"),
                    ("max_query_execution_time", str(redshift.statement_timeout_seconds)),
                    ("require_ssl", "true"),
                )
            ],
        )
        self.workgroup.apply_removal_policy(removal_policy)

    def _subnet_ids(self, *, network: Network, settings: EnvironmentSettings) -> list[str]:
        """Subnets of its own, at the end of the VPC's addresses: MWAA's stay as they are."""
        vpc = settings.network.vpc
        if isinstance(vpc, ExistingVpc):
            return list(vpc.redshift_subnet_ids)
        every = ipaddress.ip_network(vpc.cidr).subnets(new_prefix=SUBNET_BITS)
        zones = Fn.get_azs()
        return [
            ec2.Subnet(
                self,
                f"Subnet{index + 1}",
                vpc_id=network.vpc.vpc_id,
                availability_zone=Fn.select(index, zones),
                cidr_block=str(block),
            ).subnet_id
            for index, block in enumerate(list(every)[-REDSHIFT_ZONES:])
        ]

    @property
    def airflow_statements(self) -> list[iam.PolicyStatement]:
        """What the DAGs need to run statements, each seeing its own alone.

        Source: https://docs.aws.amazon.com/redshift/latest/mgmt/data-api-iam.html
        """
        workgroup = self.workgroup.attr_workgroup_workgroup_arn
        return [
            iam.PolicyStatement(
                sid="RunStatements",
                actions=["redshift-data:BatchExecuteStatement", "redshift-data:ExecuteStatement"],
                resources=[workgroup],
            ),
            iam.PolicyStatement(
                sid="ConnectToWarehouse",
                actions=["redshift-serverless:GetCredentials"],
                resources=[workgroup],
            ),
            iam.PolicyStatement(
                sid="FollowOwnStatements",
                actions=[
                    "redshift-data:CancelStatement",
                    "redshift-data:DescribeStatement",
                    "redshift-data:GetStatementResult",
                ],
                # A statement has no ARN: whose it is decides.
                resources=["*"],
                conditions={
                    "StringEquals": {"redshift-data:statement-owner-iam-userid": "${aws:userid}"}
                },
            ),
        ]

    @property
    def options(self) -> dict[str, str]:
        """The configuration options that tell the DAGs of it."""
        return {
            "lake.models_on": ",".join(self._targets),
            "lake.redshift_workgroup": self.workgroup.ref,
            "lake.redshift_database": DATABASE,
        }


def copy_statements(*, storage: LakeStorage, encryption: Encryption) -> list[iam.PolicyStatement]:
    """Return what COPY and UNLOAD may do: read tables and landed originals, write unloads."""
    landing, curated = storage.landing.bucket_arn, storage.curated.bucket_arn
    unloaded = f"{curated}/{UNLOAD_PREFIX}*"
    return [
        iam.PolicyStatement(
            sid="FindFiles",
            actions=["s3:GetBucketLocation", "s3:ListBucket"],
            resources=[landing, curated],
        ),
        iam.PolicyStatement(
            sid="ReadTablesAndOriginals",
            actions=["s3:GetObject"],
            resources=[f"{curated}/*", f"{landing}/{ARCHIVE_PREFIX}*"],
        ),
        iam.PolicyStatement(
            sid="WriteUnloads",
            # UNLOAD with CLEANPATH removes what an earlier one left.
            actions=["s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"],
            resources=[unloaded],
        ),
        *encryption.statements(
            "UseKey",
            actions=["kms:Decrypt", "kms:GenerateDataKey"],
            via=f"s3.{Aws.REGION}.amazonaws.com",
        ),
    ]
