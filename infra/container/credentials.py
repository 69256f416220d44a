"""The execution role's credentials, as the AWS SDKs ask a `credential_process` for them.

It imports nothing of the product, because every task runs it. Source: AWS SDKs and Tools reference
guide, "Process credential provider".
"""

from __future__ import annotations

import json
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping

TIMEOUT_SECONDS = 30.0


def credentials(environ: Mapping[str, str]) -> dict[str, object]:
    """A session of the execution role, from the `mwaa` container.

    Raises OSError when it does not answer, or refuses.
    """
    request = urllib.request.Request(  # noqa: S310  # http, in docker-compose.yaml
        environ["LAKE_CREDENTIALS_URL"],
        headers={"Authorization": environ["LAKE_CREDENTIALS_TOKEN"]},
    )
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(request, timeout=TIMEOUT_SECONDS) as answer:
        session = json.load(answer)
    return {
        "Version": 1,
        "AccessKeyId": session["AccessKeyId"],
        "SecretAccessKey": session["SecretAccessKey"],
        "SessionToken": session["Token"],
        "Expiration": session["Expiration"],
    }


def main() -> int:
    """Print them; 1 with the reason where there are none."""
    try:
        print(json.dumps(credentials(os.environ)))
    except KeyError as error:
        print(f"{error} is not set: no environment is deployed", file=sys.stderr)
        return 1
    except urllib.error.HTTPError as error:
        print(f"the role's credentials are refused: {error.read().decode()}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{os.environ['LAKE_CREDENTIALS_URL']}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
