"""The documented callback script (scenarios.md 5), for Python 3: reports one task as succeeded.

ACCOUNT_ID, AK_ID and AK_SECRET come from the environment, the task token is the first argument. It configures no
endpoint: it goes to the real service, or wherever `http_proxy` sends it.
"""

from __future__ import annotations

import json
import os
import sys

from aliyunsdkcore.acs_exception.exceptions import ClientException, ServerException
from aliyunsdkcore.client import AcsClient
from aliyunsdkfnf.request.v20190315.ReportTaskSucceededRequest import ReportTaskSucceededRequest

REGION = "cn-hangzhou"


def main() -> int:
    try:
        _, token = sys.argv
        os.environ["ACCOUNT_ID"]  # documented as required, though a report does not need it
        client = AcsClient(os.environ["AK_ID"], os.environ["AK_SECRET"], REGION)
    except (ValueError, KeyError) as missing:
        print(f"give a task token, and ACCOUNT_ID, AK_ID and AK_SECRET in the environment ({missing})", file=sys.stderr)
        return 2
    request = ReportTaskSucceededRequest()
    request.set_TaskToken(token)
    request.set_Output(json.dumps({"status": "ok"}))
    try:
        client.do_action_with_exception(request)
    except (ServerException, ClientException) as refusal:
        print(refusal, file=sys.stderr)
        return 1
    print("ReportTaskSucceeded finished")
    return 0


if __name__ == "__main__":
    sys.exit(main())
