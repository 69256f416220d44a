"""The CDK app of the stack `lake-delivery`, which a person deploys once an account.

npx cdk deploy --all --app ".venv/bin/python -m infra.delivery" -c repository=owner/name
"""

from __future__ import annotations

import sys

import aws_cdk as cdk

from infra.chosen import delivery_settings, environment_settings
from infra.delivery.settings import DeliverySettings
from infra.delivery.stack import DeliveryStack
from infra.settings import SettingsRefused


def add_delivery(app: cdk.App, *, delivery: DeliverySettings) -> list[DeliveryStack]:
    """Add a stack for each account that environments are in.

    Raises:
        SettingsRefused: there is no repository, or a deployment names no environment.
    """
    if delivery.repository is None:
        raise SettingsRefused(
            "no repository: set DELIVERY in infra/environments.py, or -c repository=owner/name"
        )
    chosen = [(each, environment_settings(each.environment)) for each in delivery.deployments]
    accounts = dict.fromkeys(settings.account for _, settings in chosen)
    return [
        DeliveryStack(
            app,
            repository=delivery.repository,
            delivery=delivery,
            deployments=[pair for pair in chosen if pair[1].account == account],
        )
        for account in accounts
    ]


def chosen_delivery(app: cdk.App) -> DeliverySettings:
    """The settings, with the repository that `-c repository=owner/name` says if it does.

    Raises:
        SettingsRefused: infra/environments.py or that repository cannot be.
    """
    return delivery_settings(repository=app.node.try_get_context("repository"))


def main() -> None:
    """Synthesize the stacks."""
    app = cdk.App()
    try:
        add_delivery(app, delivery=chosen_delivery(app))
    except SettingsRefused as error:
        sys.exit(str(error))
    app.synth()


if __name__ == "__main__":
    main()
