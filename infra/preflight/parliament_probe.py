"""Lints IAM policies with parliament: in a virtual environment of its own, which it has to be.

Reads JSON, `[[resource, policy], …]`; writes `[{"rule", "resource", "text"}, …]`.
"""

import json
import sys

from parliament import (  # type: ignore[import-not-found]  # in a virtual environment of its own
    analyze_policy_string,
    enhance_finding,
)

findings = []
for resource, policy in json.load(sys.stdin):
    for statement in policy["Statement"]:
        one = {"Version": policy["Version"], "Statement": [statement]}
        for finding in analyze_policy_string(json.dumps(one)).findings:
            said = enhance_finding(finding)
            where = statement.get("Sid") or statement.get("Action")
            findings.append(
                {
                    "rule": said.issue,
                    "resource": resource,
                    "text": f"{where}: {said.title}: {said.detail}",
                }
            )
json.dump(findings, sys.stdout)
