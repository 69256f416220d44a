"""AWS Chatbot, which ministack does not have: configurations of Slack channels. Nothing is sent."""

from __future__ import annotations

import json
from typing import Any

from infra.local.emulator.seam.own_services import add_service
from infra.local.emulator.seam.services import Request, Response, account_id

SERVICE = "chatbot"


class Refused(Exception):
    """A request that AWS refuses: the error's code, and what it says."""


def install() -> None:
    """Serve the API; what it keeps is saved with the state of the others."""
    state: dict[str, Any] = {}

    async def handle(request: Request) -> Response:
        headers = {"Content-Type": "application/json"}
        try:
            answer = _answer(request.path, json.loads(request.body or b"{}"), state)
        except Refused as error:
            code, message = error.args
            headers["x-amzn-ErrorType"] = code
            return Response(400, headers, json.dumps({"message": message}).encode())
        return Response(200, headers, json.dumps(answer).encode())

    # Its requests have no target: what they are signed for says the service.
    add_service(SERVICE, target_prefix=SERVICE, handler=handle, state=state)


def operation_of(path: str) -> str:
    """The name of the operation that is called by a path, as IAM has it."""
    return "".join(word.capitalize() for word in path.strip("/").split("-"))


def _answer(path: str, given: dict[str, Any], state: dict[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = state.setdefault(account_id(), {})
    match path.strip("/"):
        case "create-slack-channel-configuration":
            arn = f"arn:aws:chatbot::{account_id()}:chat-configuration/slack-channel/"
            arn += given["ConfigurationName"]
            if arn in kept:
                raise Refused("ConflictException", f"{given['ConfigurationName']} is there already")
            kept[arn] = _configuration(given, arn)
            return {"ChannelConfiguration": kept[arn]}
        case "update-slack-channel-configuration":
            arn = _known(given, kept)
            kept[arn] |= _configuration(given, arn)
            return {"ChannelConfiguration": kept[arn]}
        case "delete-slack-channel-configuration":
            del kept[_known(given, kept)]
            return {}
        case "describe-slack-channel-configurations":
            wanted = given.get("ChatConfigurationArn")
            found = [each for arn, each in kept.items() if wanted in (None, arn)]
            return {"SlackChannelConfigurations": found}
    raise Refused("InvalidRequestException", f"the embedded AWS Chatbot has no {path}")


def _configuration(given: dict[str, Any], arn: str) -> dict[str, Any]:
    told = {name: value for name, value in given.items() if value is not None}
    return {"SlackTeamName": "", "SlackChannelName": "", **told, "ChatConfigurationArn": arn}


def _known(given: dict[str, Any], kept: dict[str, Any]) -> str:
    arn = str(given["ChatConfigurationArn"])
    if arn not in kept:
        raise Refused("ResourceNotFoundException", f"there is no {arn}")
    return arn
