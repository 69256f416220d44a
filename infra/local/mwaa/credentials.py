"""Sessions of an environment's execution role, minted as the MWAA service mints them."""

from __future__ import annotations

import asyncio
import datetime
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_pascal

from infra.local.mwaa.model import ConfigurationError
from infra.local.settings import LocalSettings

if TYPE_CHECKING:
    from botocore.awsrequest import AWSRequest
    from mypy_boto3_s3 import S3Client

SERVICE_PRINCIPALS = ("airflow.amazonaws.com", "airflow-env.amazonaws.com")
"""Both must be trusted by an execution role.

Source: Amazon MWAA user guide, "Amazon MWAA execution role".
"""
ROOT_KEY = "test"
"""Both halves of the root user's access key on the laptop, public by convention."""
SESSION_NAME = "AmazonMWAA-airflow"
SESSION_SECONDS = 3600
RENEW_SECONDS = 1200
"""Mint anew this long before the end: botocore asks again in the last 10 to 15 minutes."""
LOST_SESSION = {"ExpiredToken", "InvalidClientTokenId", "InvalidAccessKeyId"}
"""Errors that say that a session is no longer known."""

CLIENT_CONFIG = Config(
    retries={"max_attempts": 4, "mode": "standard"}, connect_timeout=3, read_timeout=30
)


class Credentials(BaseModel):
    """A session, in the form that containers fetch it.

    Source: AWS SDKs reference guide, "Container credential provider".
    """

    model_config = ConfigDict(alias_generator=to_pascal, validate_by_name=True, frozen=True)

    access_key_id: str
    secret_access_key: str
    token: str
    expiration: datetime.datetime

    @property
    def remaining_seconds(self) -> float:
        """How long the session still lives."""
        return (self.expiration - datetime.datetime.now(datetime.UTC)).total_seconds()


class EmbeddedAws:
    """Clients of the embedded AWS."""

    def __init__(self, settings: LocalSettings, control_key: str) -> None:
        self._region = settings.region
        self._endpoint_url = settings.endpoint_url
        self._control_key = control_key

    def s3(self, credentials: Credentials) -> S3Client:
        """An S3 client with the rights of a session."""
        session = boto3.session.Session(
            aws_access_key_id=credentials.access_key_id,
            aws_secret_access_key=credentials.secret_access_key,
            aws_session_token=credentials.token,
            region_name=self._region,
        )
        return session.client("s3", endpoint_url=self._endpoint_url, config=CLIENT_CONFIG)

    def ec2(self) -> Any:  # boto3-stubs is installed without EC2
        """An EC2 client with the rights of the account's root."""
        return _root(self._region).client(
            "ec2", endpoint_url=self._endpoint_url, config=CLIENT_CONFIG
        )

    def assume_role_as_service(
        self, role_arn: str, *, principal: str, source_arn: str
    ) -> Credentials:
        """STS AssumeRole with a service principal as the caller, for the environment `source_arn`.

        The embedded AWS takes caller and source from headers, of which only the supervisor can
        send the first. Raises ClientError as STS does.
        """
        sts = _root(self._region).client(
            "sts", endpoint_url=self._endpoint_url, config=CLIENT_CONFIG
        )

        def add_headers(request: AWSRequest, **_: object) -> None:
            request.headers["X-Lake-Control-Key"] = self._control_key
            request.headers["X-Lake-Service"] = principal
            request.headers["X-Lake-Source-Arn"] = source_arn

        sts.meta.events.register("before-sign.sts.AssumeRole", add_headers)
        session = sts.assume_role(
            RoleArn=role_arn, RoleSessionName=SESSION_NAME, DurationSeconds=SESSION_SECONDS
        )["Credentials"]
        return Credentials(
            access_key_id=session["AccessKeyId"],
            secret_access_key=session["SecretAccessKey"],
            token=session["SessionToken"],
            expiration=session["Expiration"],
        )


def _root(region: str) -> boto3.session.Session:
    return boto3.session.Session(
        aws_access_key_id=ROOT_KEY, aws_secret_access_key=ROOT_KEY, region_name=region
    )


class ExecutionRole:
    """The current session of one execution role, renewed when it nears its end."""

    def __init__(self, aws: EmbeddedAws, arn: str, *, environment_arn: str) -> None:
        self.arn = arn
        self._environment_arn = environment_arn
        self._aws = aws
        self._lock = asyncio.Lock()
        self._credentials: Credentials | None = None
        self._s3: S3Client | None = None

    async def credentials(self) -> Credentials:
        """A session that lives for RENEW_SECONDS at least.

        Raises ConfigurationError when the role does not exist or does not trust MWAA.
        """
        async with self._lock:
            current = self._credentials
            if not current or current.remaining_seconds < RENEW_SECONDS:
                current = await asyncio.to_thread(self._mint)
                self._credentials, self._s3 = current, None
            return current

    async def s3(self) -> S3Client:
        """An S3 client with the role's rights."""
        credentials = await self.credentials()
        client = self._s3
        if not client:
            client = self._s3 = await asyncio.to_thread(self._aws.s3, credentials)
        return client

    def forget(self) -> None:
        """Mint a new session next time: the current one is no longer known."""
        self._credentials = None

    def _mint(self) -> Credentials:
        for principal in SERVICE_PRINCIPALS:
            try:
                credentials = self._aws.assume_role_as_service(
                    self.arn, principal=principal, source_arn=self._environment_arn
                )
            except ClientError as error:
                raise ConfigurationError(
                    f"The execution role {self.arn} cannot be assumed by {principal}. Its trust "
                    f"policy must allow sts:AssumeRole to {' and '.join(SERVICE_PRINCIPALS)}. "
                    f"STS said: {error}"
                ) from error
        return credentials


def is_lost_session(error: Exception) -> bool:
    """Whether `error` says that the session's credentials are no longer valid."""
    return isinstance(error, ClientError) and error.response["Error"]["Code"] in LOST_SESSION


AWS_ERRORS = (ClientError, BotoCoreError)
"""What a call of the embedded AWS may raise."""
