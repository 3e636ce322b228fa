"""Behind an HTTP trigger that a topic pushes to: does the work and reports the task.

Needs the packages aliyun-python-sdk-core and aliyun-python-sdk-fnf; the endpoint of Serverless Workflow may be named in
FNF_ENDPOINT. The subscription must use the JSON format.
"""

import json
import logging
import os

from aliyunsdkcore.acs_exception.exceptions import ServerException
from aliyunsdkcore.auth.credentials import StsTokenCredential
from aliyunsdkcore.client import AcsClient
from aliyunsdkfnf.request.v20190315.ReportTaskFailedRequest import ReportTaskFailedRequest
from aliyunsdkfnf.request.v20190315.ReportTaskSucceededRequest import ReportTaskSucceededRequest

logger = logging.getLogger()


def handler(environ, start_response):
    length = int(environ.get("CONTENT_LENGTH") or 0)
    try:
        notification = json.loads(environ["wsgi.input"].read(length))
        message = json.loads(notification["Message"])
        token = message["taskToken"]
    except (ValueError, KeyError, TypeError) as error:
        logger.error("this is no JSON notification with a task token: %r", error)
        return answer(start_response, "400 Bad Request")
    try:
        report_success(client(environ["fc.context"]), token, work(message["messageBody"]))
    except ServerException as error:
        # Pushes may come twice; the first report counts, and the topic must not push a third time.
        if error.error_code != "TaskAlreadyCompleted":
            raise
    return answer(start_response, "204 No Content")


def work(body):
    logger.info("working on %s", body)
    return {"status": "success"}


def report_success(fnf, token, output):
    request = ReportTaskSucceededRequest()
    request.set_TaskToken(token)
    request.set_Output(json.dumps(output))
    fnf.do_action_with_exception(request)


def report_failure(fnf, token, error, cause):
    request = ReportTaskFailedRequest()
    request.set_TaskToken(token)
    request.set_Error(error)
    request.set_Cause(cause)
    fnf.do_action_with_exception(request)


def client(context):
    own = context.credentials
    credential = StsTokenCredential(own.access_key_id, own.access_key_secret, own.security_token)
    fnf = AcsClient(region_id=context.region, credential=credential)
    if endpoint := os.environ.get("FNF_ENDPOINT"):
        fnf.add_endpoint(context.region, "fnf", endpoint)
    return fnf


def answer(start_response, status):
    start_response(status, [("Content-Length", "0")])
    return [b""]
