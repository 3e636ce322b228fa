import json

from aliyunsdkcore.auth.credentials import StsTokenCredential
from aliyunsdkcore.client import AcsClient
from aliyunsdkfnf.request.v20190315 import ReportTaskSucceededRequest


def handler(environ, start_response):
    context = environ["fc.context"]
    try:
        size = int(environ.get("CONTENT_LENGTH", 0))
    except ValueError:
        size = 0
    body = json.loads(environ["wsgi.input"].read(size))
    creds = context.credentials
    sts = StsTokenCredential(creds.accessKeyId, creds.accessKeySecret, creds.securityToken)
    client = AcsClient(region_id=context.region, credential=sts)
    request = ReportTaskSucceededRequest.ReportTaskSucceededRequest()
    request.set_TaskToken(body["taskToken"])
    request.set_Output(json.dumps({"approved": True}))
    answer = client.do_action_with_exception(request)
    start_response("200 OK", [("Content-type", "text/plain")])
    return [answer]
