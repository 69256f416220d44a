"""The endpoints that stand in for the Internet, and those of the environment itself."""

from __future__ import annotations

from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_mwaa as mwaa
from constructs import Construct

from infra.settings import EnvironmentSettings, ExistingVpc
from infra.settings.network import HTTPS

OF_MWAA = ("monitoring", "logs", "sqs", "kms")
"""Services that MWAA itself calls from the subnets, beside S3.
https://docs.aws.amazon.com/mwaa/latest/userguide/vpc-vpe-create-access.html"""
OF_THE_DAGS = ("athena", "glue", "secretsmanager", "sns", "sts")


def services(settings: EnvironmentSettings) -> tuple[str, ...]:
    """The services that the environment and its DAGs call, as the names of endpoints have them."""
    found = [*OF_MWAA, *OF_THE_DAGS]
    if settings.redshift:
        found += ["redshift-data", "redshift-serverless"]
    if settings.spark:
        found.append("emr-serverless")
    return tuple(found)


class ServiceEndpoints(Construct):
    """An interface endpoint a service, which the clients alone reach, with private DNS."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        vpc: ec2.IVpc,
        subnets: list[ec2.ISubnet],
        clients: ec2.ISecurityGroup,
        settings: EnvironmentSettings,
    ) -> None:
        super().__init__(scope, id)
        group = ec2.SecurityGroup(
            self,
            "SecurityGroup",
            vpc=vpc,
            security_group_name=f"{settings.prefix}-endpoints",
            description=f"Endpoints of services for {settings.prefix}",
            allow_all_outbound=False,
        )
        group.add_ingress_rule(clients, ec2.Port.tcp(HTTPS), "Airflow's calls of AWS")
        for service in services(settings):
            ec2.InterfaceVpcEndpoint(
                self,
                service,
                vpc=vpc,
                service=ec2.InterfaceVpcEndpointAwsService(service),
                subnets=ec2.SubnetSelection(subnets=subnets),
                security_groups=[group],
                open=False,
            )
        if isinstance(settings.network.vpc, ExistingVpc):
            ec2.CfnVPCEndpoint(
                self,
                "s3",
                vpc_id=vpc.vpc_id,
                vpc_endpoint_type="Gateway",
                service_name=ec2.GatewayVpcEndpointAwsService.S3.name,
                route_table_ids=list(settings.network.vpc.route_table_ids),
            )


class EnvironmentEndpoints(Construct):
    """The endpoints of an environment's database and web server, where MWAA does not make them.

    MWAA names the services of both once the environment is PENDING, and goes on when the endpoints
    are there. One that is reached over the Internet alone has no endpoint of its web server.

    Source: https://docs.aws.amazon.com/mwaa/latest/userguide/vpc-endpoint-management.html
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        environment: mwaa.CfnEnvironment,
        vpc: ec2.IVpc,
        subnet_ids: list[str],
        security_group: ec2.ISecurityGroup,
        settings: EnvironmentSettings,
    ) -> None:
        super().__init__(scope, id)
        wanted = {"Database": environment.attr_database_vpc_endpoint_service}
        if settings.airflow.webserver_access_mode != "PUBLIC_ONLY":
            wanted["WebServer"] = environment.attr_webserver_vpc_endpoint_service
        for name, service in wanted.items():
            ec2.CfnVPCEndpoint(
                self,
                name,
                vpc_id=vpc.vpc_id,
                vpc_endpoint_type="Interface",
                service_name=service,
                subnet_ids=subnet_ids,
                security_group_ids=[security_group.security_group_id],
                # MWAA's services have no names that a private zone could stand in for.
                private_dns_enabled=False,
            )
