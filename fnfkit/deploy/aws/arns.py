"""How definitions and policies name what a flow calls: by reference where it is in the stack, else by its ARN."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fnfkit.deploy.graph import own
from fnfkit.lang.asl.resources import function_name
from fnfkit.model.names import FlowRef, FunctionRef, QueueRef, Target, TopicRef
from fnfkit.model.stack import GetAtt, Ref, Sub, Value

PARTITION, REGION, ACCOUNT = "${AWS::Partition}", "${AWS::Region}", "${AWS::AccountId}"
"""The stack's own; other partitions than `aws` have ARNs and hosts of their own."""

Made = Mapping[FunctionRef | QueueRef | TopicRef, str]
"""What the template makes, and the logical ID it has there; an alias is a function with a qualifier."""


@dataclass(frozen=True, slots=True)
class Arns:
    """The names of a template's targets."""

    made: Made

    def called(self, target: Target) -> str:
        """What a definition calls a target: text for Fn::Sub. Queues go by their URL."""
        id = self._id(target)
        match target:
            case FunctionRef(qualifier=qualifier) if id:
                alias = target in self.made and qualifier
                return f"${{{id}}}" if alias else f"${{{id}.Arn}}{_tail(qualifier)}"
            case QueueRef(queue):
                region, account = target.region or REGION, target.account or ACCOUNT
                return f"${{{id}}}" if id else f"https://sqs.{region}.${{AWS::URLSuffix}}/{account}/{queue}"
            case TopicRef() if id:
                return f"${{{id}}}"
            case _:
                return arn(target)

    def granted(self, target: Target) -> Value:
        """The ARN of a target in a policy."""
        id = self._id(target)
        match target:
            case FunctionRef(qualifier=qualifier) if id and not qualifier:
                return GetAtt(id, "Arn")
            case QueueRef() if id:
                return GetAtt(id, "Arn")
            case TopicRef() if id:
                return Ref(id)
            case FunctionRef() if id:
                return Ref(id) if target in self.made else Sub(self.called(target))
            case _:
                return Sub(arn(target))

    def _id(self, target: Target) -> str:
        """The logical ID of a target, of a function without its qualifier if there is no alias of that name."""
        match target:
            case FunctionRef(function, service) if own(target):
                return self.made.get(target) or self.made.get(FunctionRef(function, service), "")
            case QueueRef() | TopicRef() if own(target):
                return self.made.get(target, "")
            case _:
                return ""


def arn(target: Target) -> str:
    """The ARN of a target, with what it leaves open taken from the stack. State machines always go by their names:
    two of them may call each other."""
    match target:
        case FunctionRef(function, service, qualifier, region, account):
            named = f"function:{function_name(function, service)}{_tail(qualifier)}"
            return _arn("lambda", region, account, named)
        case QueueRef(queue, region, account):
            return _arn("sqs", region, account, queue)
        case TopicRef(topic, region, account):
            return _arn("sns", region, account, topic)
        case FlowRef(flow, region, account):
            return _arn("states", region, account, f"stateMachine:{flow}")
        case _:
            return str(target)


def _arn(service: str, region: str, account: str, resource: str) -> str:
    return f"arn:{PARTITION}:{service}:{region or REGION}:{account or ACCOUNT}:{resource}"


def _tail(qualifier: str) -> str:
    return f":{'$LATEST' if qualifier == 'LATEST' else qualifier}" if qualifier else ""
