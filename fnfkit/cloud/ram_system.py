"""The system policies that the documented scenarios attach (ros.md 10.2)."""

from __future__ import annotations

from fnfkit.model.json import JsonObject


def _allow(*actions: str, resource: str = "*") -> JsonObject:
    return {"Effect": "Allow", "Action": list(actions), "Resource": [resource]}


def _pass_role(service: str) -> JsonObject:
    return {**_allow("ram:PassRole"), "Condition": {"StringEquals": {"acs:Service": service}}}


def _document(*statements: JsonObject) -> JsonObject:
    return {"Version": "1", "Statement": list(statements)}


SYSTEM_POLICIES: dict[str, JsonObject] = {
    "AliyunFCInvocationAccess": _document(_allow("fc:InvokeFunction")),
    "AliyunFCReadOnlyAccess": _document(_allow("fc:Get*", "fc:List*")),
    "AliyunFCFullAccess": _document(_allow("fc:*"), _pass_role("fc.aliyuncs.com")),
    "AliyunFnFFullAccess": _document(_allow("fnf:*"), _pass_role("fnf.aliyuncs.com")),
    "AliyunFnFReadOnlyAccess": _document(_allow("fnf:Describe*", "fnf:List*", "fnf:Get*")),
    # The documents of the next one and of the log policies were not published where the references looked: inferred.
    "AliyunMNSFullAccess": _document(_allow("mns:*")),
    "AliyunMNSReadOnlyAccess": _document(_allow("mns:Get*", "mns:Query*", "mns:Desc*", "mns:List*")),
    "AliyunMNSNotificationRolePolicy": _document(_allow("fc:InvokeFunction")),
    "AliyunLogFullAccess": _document(_allow("log:*")),
    "AliyunLogReadOnlyAccess": _document(_allow("log:Get*", "log:List*", "log:Query*")),
    "AliyunServiceRolePolicyForFC": _document(
        _allow(
            *("fc:InvokeFunction", "mns:SendMessage", "mns:PublishMessage", "log:PostLogStoreLogs"),
            *("fnf:ReportTaskSucceeded", "fnf:ReportTaskFailed"),
        )
    ),
    "AdministratorAccess": _document(_allow("*")),
    # Attached by published applications; what they allow is taken from their names (inferred).
    "AliyunOSSFullAccess": _document(_allow("oss:*")),
    "AliyunOSSReadOnlyAccess": _document(_allow("oss:Get*", "oss:List*")),
    "AliyunOTSFullAccess": _document(_allow("ots:*")),
    "AliyunECSNetworkInterfaceManagementAccess": _document(_allow("ecs:*NetworkInterface*")),
    "AliyunContainerRegistryReadOnlyAccess": _document(_allow("cr:Get*", "cr:List*", "cr:PullRepository")),
    "AliyunSTSAssumeRoleAccess": _document(_allow("sts:AssumeRole")),
}
