"""The catalog: a Glue database of tables, the Athena work group, and the queries saved in it."""

from __future__ import annotations

from collections.abc import Iterable

from aws_cdk import Aws, RemovalPolicy
from aws_cdk import aws_athena as athena
from aws_cdk import aws_glue as glue
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.encryption import Encryption
from infra.named_queries import NamedQuery
from infra.settings import EnvironmentSettings


class Catalog(Construct):
    """The environment's database and its work group, whose settings no client can override."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        encryption: Encryption,
        query_results: s3.IBucket,
        queries: Iterable[NamedQuery],
        settings: EnvironmentSettings,
    ) -> None:
        super().__init__(scope, id)
        self.database_name = settings.database_name
        self.workgroup_name = settings.prefix
        removal_policy = RemovalPolicy.RETAIN if settings.keep_data else RemovalPolicy.DESTROY

        database = glue.CfnDatabase(
            self,
            "Database",
            catalog_id=Aws.ACCOUNT_ID,
            database_input=glue.CfnDatabase.DatabaseInputProperty(
                name=self.database_name,
                description=f"Tables of the data lake {settings.prefix}",
                # None leaves it to the account; an empty list, to Lake Formation's grants alone.
                create_table_default_permissions=[] if settings.lake_formation else None,
            ),
        )
        database.apply_removal_policy(removal_policy)

        workgroup = athena.CfnWorkGroup(
            self,
            "WorkGroup",
            name=self.workgroup_name,
            description=f"Queries of the data lake {settings.prefix}",
            recursive_delete_option=not settings.keep_data,
            work_group_configuration=athena.CfnWorkGroup.WorkGroupConfigurationProperty(
                enforce_work_group_configuration=True,
                publish_cloud_watch_metrics_enabled=True,
                bytes_scanned_cutoff_per_query=settings.athena.scan_limit_bytes,
                engine_version=athena.CfnWorkGroup.EngineVersionProperty(
                    selected_engine_version="Athena engine version 3"
                ),
                result_configuration=athena.CfnWorkGroup.ResultConfigurationProperty(
                    output_location=query_results.s3_url_for_object("results/"),
                    encryption_configuration=encryption.of_query_results,
                ),
            ),
        )
        workgroup.apply_removal_policy(removal_policy)

        for query in queries:
            athena.CfnNamedQuery(
                self,
                f"Query {query.name}",
                name=query.name,
                description=query.description,
                database=self.database_name,
                query_string=query.sql,
                work_group=workgroup.ref,
            )
