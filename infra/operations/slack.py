"""Alarms in a channel of Slack, through Amazon Q Developer in chat applications (AWS Chatbot).

Somebody authorizes the workspace once in its console. AWS subscribes the channel to the topic by a
service-linked role of its own and SNS decrypts what it delivers: neither needs a right on the key.
Sources: https://docs.aws.amazon.com/chatbot/latest/adminguide/slack-setup.html and
…/chatbot-cli-commands.html#role-guardrails
"""

from __future__ import annotations

from aws_cdk import Aws
from aws_cdk import aws_chatbot as chatbot
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from constructs import Construct

from infra.settings import EnvironmentSettings, SlackSettings

READ_ALARMS = (
    "cloudwatch:DescribeAlarms",
    "cloudwatch:GetMetricData",
    "cloudwatch:GetMetricStatistics",
    "cloudwatch:ListMetrics",
)
"""What draws the chart below an alarm. Only alarms have ARNs; the others take `*`."""


class SlackChannel(Construct):
    """The channel, told of what `topic` gets; whoever is in it can look at alarms, and no more."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        slack: SlackSettings,
        topic: sns.ITopic,
        settings: EnvironmentSettings,
    ) -> None:
        super().__init__(scope, id)
        name = f"{settings.prefix}-alarms"
        channel = f"chat-configuration/slack-channel/{name}"
        read = iam.ManagedPolicy(
            self,
            "ReadAlarms",
            description=f"What the Slack channel of {settings.prefix} may do, at most",
            statements=[iam.PolicyStatement(actions=[*READ_ALARMS], resources=["*"])],
        )
        role = iam.Role(
            self,
            "Role",
            description=f"Shows the alarms of {settings.prefix} in Slack",
            assumed_by=iam.PrincipalWithConditions(
                iam.ServicePrincipal("chatbot.amazonaws.com"),
                {
                    "StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID},
                    "ArnLike": {
                        "aws:SourceArn": f"arn:{Aws.PARTITION}:chatbot::{Aws.ACCOUNT_ID}:{channel}"
                    },
                },
            ),
            managed_policies=[read],
        )
        chatbot.CfnSlackChannelConfiguration(
            self,
            "Resource",
            configuration_name=name,
            slack_workspace_id=slack.workspace_id,
            slack_channel_id=slack.channel_id,
            iam_role_arn=role.role_arn,
            # Without one it is AdministratorAccess.
            guardrail_policies=[read.managed_policy_arn],
            logging_level="NONE",
            sns_topic_arns=[topic.topic_arn],
            user_role_required=False,
        )
