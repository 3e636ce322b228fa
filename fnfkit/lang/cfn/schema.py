"""The properties that CloudFormation makes a resource anew for, of the types that flows are deployed with.

They are the `createOnlyProperties` of the types' published schemas; tests compare them with cfn-lint's copy.
"""

from __future__ import annotations

CREATE_ONLY: dict[str, frozenset[str]] = {
    "AWS::StepFunctions::StateMachine": frozenset({"StateMachineName", "StateMachineType"}),
    "AWS::Lambda::Function": frozenset({"FunctionName", "PackageType", "TenancyConfig"}),
    "AWS::Lambda::Version": frozenset(
        {"FunctionName", "Description", "CodeSha256", "ProvisionedConcurrencyConfig", "RuntimePolicy"}
    ),
    "AWS::Lambda::Alias": frozenset({"FunctionName", "Name"}),
    "AWS::Logs::LogGroup": frozenset({"LogGroupName"}),
    "AWS::SQS::Queue": frozenset({"QueueName", "FifoQueue"}),
    "AWS::SNS::Topic": frozenset({"TopicName", "FifoTopic"}),
    "AWS::IAM::Role": frozenset({"RoleName", "Path"}),
    "AWS::IAM::ManagedPolicy": frozenset({"ManagedPolicyName", "Description", "Path"}),
    "AWS::Scheduler::Schedule": frozenset({"Name"}),
}


def replaces(type: str, property: str) -> bool:
    """Whether a changed property needs a new resource; types that are not ours are taken to change in place."""
    return property in CREATE_ONLY.get(type, ())
