"""A worker on the official packages alone: takes messages, works, reports, deletes.

    REGION=cn-hangzhou ACCOUNT_ID=123456789012 AK_ID=... AK_SECRET=... python worker.py

MNS_ENDPOINT and FNF_ENDPOINT lead to an embedded account. For leases, retries and a dead-letter queue see
`fnfkit worker`.
"""

import json
import os

from aliyunsdkcore.acs_exception.exceptions import ServerException
from aliyunsdkcore.client import AcsClient
from aliyunsdkfnf.request.v20190315.ReportTaskSucceededRequest import ReportTaskSucceededRequest
from mns.account import Account
from mns.mns_exception import MNSExceptionBase

QUEUE = "fnf-demo"
WAIT_SECONDS = 10


def main():
    region, account_id = os.environ["REGION"], os.environ["ACCOUNT_ID"]
    key_id, secret = os.environ["AK_ID"], os.environ["AK_SECRET"]
    endpoint = os.environ.get("MNS_ENDPOINT", f"https://{account_id}.mns.{region}.aliyuncs.com")
    queue = Account(endpoint, key_id, secret).get_queue(QUEUE)
    queue.set_encoding(False)  # flows send plain JSON, not Base64
    fnf = AcsClient(key_id, secret, region)
    if "FNF_ENDPOINT" in os.environ:
        fnf.add_endpoint(region, "fnf", os.environ["FNF_ENDPOINT"])
    while True:
        serve_one(queue, fnf)


def serve_one(queue, fnf):
    try:
        message = queue.receive_message(WAIT_SECONDS)
    except MNSExceptionBase as error:
        print(f"nothing received: {error.type}", flush=True)
        return
    body = json.loads(message.message_body)
    print(f"working on {message.message_id}", flush=True)
    try:
        report(fnf, body["task_token"], {"key": body["key"]})
    except ServerException as error:
        print(f"not reported: {error.error_code}", flush=True)
        if error.error_code != "TaskAlreadyCompleted":
            return
    try:
        queue.delete_message(message.receipt_handle)
    except MNSExceptionBase as error:
        print(f"not deleted: {error.type}", flush=True)


def report(fnf, token, output):
    request = ReportTaskSucceededRequest()
    request.set_TaskToken(token)
    request.set_Output(json.dumps(output))
    fnf.do_action_with_exception(request)


if __name__ == "__main__":
    main()
