"""Lake Formation: the registered location of the tables, and who was granted what on them."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import Aws
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lakeformation as lf
from constructs import Construct

from infra.buckets import LakeStorage
from infra.catalog import Catalog
from infra.encryption import Encryption
from infra.settings import LakeFormationSettings

PRODUCER_OF_DATABASE = ("ALTER", "CREATE_TABLE", "DESCRIBE", "DROP")
READER_OF_TABLES = ("DESCRIBE", "SELECT")

type Resource = lf.CfnPrincipalPermissions.ResourceProperty


class LakeFormation(Construct):
    """Registers the curated bucket, and grants the execution role and the readers what they need.

    CloudFormation grants it: its execution role has to be an administrator of the data lake, which
    is for the account to say (docs/catalog.md).
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        lake_formation: LakeFormationSettings,
        storage: LakeStorage,
        catalog: Catalog,
        execution_role: iam.IRole,
        encryption: Encryption,
    ) -> None:
        super().__init__(scope, id)
        bucket_arn = storage.curated.bucket_arn
        role = LocationRole(self, "LocationRole", bucket_arn=bucket_arn, encryption=encryption)
        location = lf.CfnResource(
            self,
            "Location",
            resource_arn=bucket_arn,
            role_arn=role.role_arn,
            use_service_linked_role=False,
            # With it, whoever has rights on the bucket by IAM would go round the grants.
            hybrid_access_enabled=False,
        )
        location.node.add_dependency(role.permissions)
        data_location = lf.CfnPrincipalPermissions.ResourceProperty(
            data_location=lf.CfnPrincipalPermissions.DataLocationResourceProperty(
                catalog_id=Aws.ACCOUNT_ID, resource_arn=bucket_arn
            )
        )
        database = lf.CfnPrincipalPermissions.ResourceProperty(
            database=lf.CfnPrincipalPermissions.DatabaseResourceProperty(
                catalog_id=Aws.ACCOUNT_ID, name=catalog.database_name
            )
        )
        tables = lf.CfnPrincipalPermissions.ResourceProperty(
            table=lf.CfnPrincipalPermissions.TableResourceProperty(
                catalog_id=Aws.ACCOUNT_ID, database_name=catalog.database_name, table_wildcard={}
            )
        )
        producer = execution_role.role_arn
        self._grant("ProducerLocation", producer, data_location, ["DATA_LOCATION_ACCESS"])
        self._grant("ProducerDatabase", producer, database, PRODUCER_OF_DATABASE)
        self._grant("ProducerTables", producer, tables, ["ALL"])
        for reader in lake_formation.readers:
            name = reader.rpartition(":")[2].replace("/", ".")
            self._grant(f"DatabaseTo {name}", reader, database, ["DESCRIBE"])
            self._grant(f"TablesTo {name}", reader, tables, READER_OF_TABLES)
        for grant in self.node.children:
            if isinstance(grant, lf.CfnPrincipalPermissions):
                grant.node.add_dependency(location)

    def _grant(
        self, id: str, principal: str, resource: Resource, permissions: Sequence[str]
    ) -> None:
        lf.CfnPrincipalPermissions(
            self,
            id,
            catalog=Aws.ACCOUNT_ID,
            principal=lf.CfnPrincipalPermissions.DataLakePrincipalProperty(
                data_lake_principal_identifier=principal
            ),
            resource=resource,
            permissions=list(permissions),
            permissions_with_grant_option=[],
        )


class LocationRole(iam.Role):
    """The role whose rights Lake Formation hands out, cut down to what was granted.

    Not the service-linked one, which cannot use a customer managed key.

    Source: https://docs.aws.amazon.com/lake-formation/latest/dg/registration-role.html
    """

    def __init__(
        self, scope: Construct, id: str, *, bucket_arn: str, encryption: Encryption
    ) -> None:
        super().__init__(
            scope,
            id,
            description="Reads and writes the tables for those whom Lake Formation lets",
            assumed_by=iam.ServicePrincipal("lakeformation.amazonaws.com"),
        )
        self.permissions = iam.Policy(
            self,
            "Permissions",
            statements=[
                iam.PolicyStatement(
                    sid="ReadAndWriteTables",
                    actions=["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
                    resources=[f"{bucket_arn}/*"],
                ),
                iam.PolicyStatement(
                    sid="ListTables", actions=["s3:ListBucket"], resources=[bucket_arn]
                ),
                *encryption.statements(
                    "UseKey",
                    actions=["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"],
                    via=f"s3.{Aws.REGION}.amazonaws.com",
                ),
            ],
            roles=[self],
        )


def execution_role_statement() -> iam.PolicyStatement:
    """Return what lets Athena ask Lake Formation for the data of a query; it has no resource."""
    return iam.PolicyStatement(
        sid="GetGrantedData", actions=["lakeformation:GetDataAccess"], resources=["*"]
    )
