"""The CloudFormation template of a project: a pure function of the graph and the packed code.

Names are the App's own, as on Alibaba Cloud; a function of a service is called SERVICE__FUNCTION. Roles and policies
are named by CloudFormation. Code is always in a bucket: what a template can hold itself is one file of source, and the
handler takes a second one along.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from fnfkit.deploy.aws import policy
from fnfkit.deploy.aws.arns import Arns
from fnfkit.deploy.aws.code import PYTHON, RUNTIME, lambda_package
from fnfkit.deploy.aws.machine import definition
from fnfkit.deploy.aws.schedules import input_of, timing
from fnfkit.deploy.error import DeployError
from fnfkit.deploy.graph import FlowNode, FunctionNode, Graph
from fnfkit.deploy.ids import Ids
from fnfkit.deploy.package import Package, package
from fnfkit.deploy.shelf import Shelf
from fnfkit.deploy.units import MEGABYTES, SECONDS
from fnfkit.dsl.app import Schedule
from fnfkit.lang.asl.resources import function_name
from fnfkit.lang.ros.functions import write_value
from fnfkit.model.names import FlowRef, FunctionRef, QueueRef, TopicRef
from fnfkit.model.stack import GetAtt, Output, Parameter, Ref, Resource, Template, Value

BUCKET = "CodeBucket"
"""The parameter that names the bucket with the code."""
KEPT_DAYS = 30
"""How long logs are kept; CloudWatch would keep them for ever."""

_LONGEST = {"function": 64, "queue": 80, "topic": 256, "schedule": 64}
"""Characters of names, as the services take them."""


def synth(graph: Graph, *, cache: Path, shelf: Shelf) -> Template:
    """The template of a project; its archives are left on the shelf, to be uploaded.

    Raises `DeployError` for what cannot be packed, or expressed there.
    """
    return _Synthesis(graph, cache, shelf).template()


class _Synthesis:
    def __init__(self, graph: Graph, cache: Path, shelf: Shelf) -> None:
        self._graph, self._shelf, self._ids = graph, shelf, Ids()
        self._packages = {
            node.ref: lambda_package(node, package(node.handle, graph.folder, cache, python=PYTHON), seconds=SECONDS)
            for node in graph.functions
        }
        self._made: dict[FunctionRef | QueueRef | TopicRef, str] = {}

    def template(self) -> Template:
        graph = self._graph
        resources = [*self._messages()]
        for function in graph.functions:
            resources += self._function(function)
        for flow in graph.flows:
            resources += self._flow(flow)
        for schedule in graph.schedules:
            resources += self._schedule(schedule)
        return Template(
            resources=tuple(resources),
            parameters=(Parameter(name=BUCKET, description="Bucket with the code of the functions"),)
            if graph.functions
            else (),
            outputs=tuple(self._outputs()),
            description=f"{graph.name}, made by fnfkit",
        )

    def _messages(self) -> Iterator[Resource]:
        for queue in self._graph.queues:
            id = self._made[QueueRef(queue)] = self._ids.of(queue, "Queue")
            yield Resource(id=id, type="AWS::SQS::Queue", properties={"QueueName": _name("queue", queue)})
        for topic in self._graph.topics:
            id = self._made[TopicRef(topic)] = self._ids.of(topic, "Topic")
            yield Resource(id=id, type="AWS::SNS::Topic", properties={"TopicName": _name("topic", topic)})
        arns = Arns(self._made)
        for queue in self._graph.worked:
            properties: dict[str, Value] = {
                "Description": f"What a worker of the queue {queue} may do",
                "PolicyDocument": policy.document(policy.worker_rights(queue, arns)),
            }
            id = self._ids.of(queue, "WorkerPolicy")
            yield Resource(id=id, type="AWS::IAM::ManagedPolicy", properties=properties)

    # -- functions

    def _function(self, node: FunctionNode) -> Iterator[Resource]:
        name = _name("function", function_name(node.ref.function, node.ref.service))
        log = self._ids.of(name, "Log")
        group: dict[str, Value] = {"LogGroupName": f"/aws/lambda/{name}", "RetentionInDays": KEPT_DAYS}
        yield Resource(id=log, type="AWS::Logs::LogGroup", properties=group)
        role = self._role(name, "function", policy.FUNCTIONS, policy.function_rights(log, reports=node.reports))
        yield role
        packed = self._packages[node.ref]
        properties: dict[str, Value] = {
            "FunctionName": name,
            "Runtime": RUNTIME,
            "Handler": packed.handler,
            "Role": GetAtt(role.id, "Arn"),
            "Timeout": SECONDS,
            "MemorySize": MEGABYTES,
            "LoggingConfig": {"LogGroup": Ref(log)},
            "Code": {"S3Bucket": Ref(BUCKET), "S3Key": self._shelf.stored(packed.archive())},
        }
        id = self._made[node.ref] = self._ids.of(name, "Function")
        yield Resource(id=id, type="AWS::Lambda::Function", properties=properties)
        yield from self._aliases(node, id, packed)

    def _aliases(self, node: FunctionNode, id: str, packed: Package) -> Iterator[Resource]:
        """A version per content of the code, and the aliases that steps call moved to it."""
        version = f"{id}Version{packed.digest[:8]}"
        if node.qualifiers:
            yield Resource(id=version, type="AWS::Lambda::Version", properties={"FunctionName": Ref(id)})
        for qualifier in node.qualifiers:
            alias = self._ids.of(f"{id}-{qualifier}", "Alias")
            self._made[FunctionRef(node.ref.function, node.ref.service, qualifier)] = alias
            properties: dict[str, Value] = {
                "FunctionName": Ref(id),
                "FunctionVersion": GetAtt(version, "Version"),
                "Name": qualifier,
            }
            yield Resource(id=alias, type="AWS::Lambda::Alias", properties=properties)

    # -- flows and schedules

    def _flow(self, node: FlowNode) -> Iterator[Resource]:
        arns = Arns(self._made)
        machine = definition(node, arns)
        role = self._role(node.name, "flow", policy.FLOWS, policy.flow_rights(node.calls, arns))
        yield role
        properties: dict[str, Value] = {
            "StateMachineName": node.name,
            "RoleArn": GetAtt(role.id, "Arn"),
            "DefinitionString": machine,
        }
        id = self._ids.of(node.name, "Flow")
        yield Resource(id=id, type="AWS::StepFunctions::StateMachine", properties=properties)

    def _schedule(self, schedule: Schedule) -> Iterator[Resource]:
        expression, zone = timing(schedule)
        rights = policy.schedule_rights(FlowRef(schedule.flow))
        role = self._role(schedule.name, "schedule", policy.SCHEDULER, rights)
        yield role
        target: dict[str, Value] = {
            "Arn": Ref(self._ids.of(schedule.flow, "Flow")),
            "RoleArn": GetAtt(role.id, "Arn"),
            "Input": input_of(schedule),
        }
        properties: dict[str, Value] = {
            "Name": _name("schedule", schedule.name),
            "ScheduleExpression": expression,
            "ScheduleExpressionTimezone": zone,
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "State": "ENABLED" if schedule.enabled else "DISABLED",
            "Target": target,
        }
        id = self._ids.of(schedule.name, "Schedule")
        yield Resource(id=id, type="AWS::Scheduler::Schedule", properties=properties)

    def _role(self, name: str, kind: str, principal: str, rights: list[Value]) -> Resource:
        size = len(json.dumps(write_value(rights), separators=(",", ":")))
        if size > policy.LONGEST:
            message = f"the {kind} {name} needs rights of {size} characters, and a role holds {policy.LONGEST}"
            raise DeployError("Unsupported", message, "part it into several that each call less")
        properties: dict[str, Value] = {"AssumeRolePolicyDocument": policy.trust(principal)}
        if rights:
            properties["Policies"] = [{"PolicyName": kind, "PolicyDocument": policy.document(rights)}]
        return Resource(id=self._ids.of(f"{name}-{kind}", "Role"), type="AWS::IAM::Role", properties=properties)

    def _outputs(self) -> Iterator[Output]:
        for flow in self._graph.flows:
            id = self._ids.of(flow.name, "Flow")
            yield Output(name=f"{id}Arn", value=Ref(id))
        for queue in self._graph.queues:
            id = self._ids.of(queue, "Queue")
            yield Output(name=f"{id}Url", value=Ref(id))
        for topic in self._graph.topics:
            id = self._ids.of(topic, "Topic")
            yield Output(name=f"{id}Arn", value=Ref(id))
        for queue in self._graph.worked:
            id = self._ids.of(queue, "WorkerPolicy")
            yield Output(name=f"{id}Arn", value=Ref(id))


def _name(kind: str, name: str) -> str:
    if len(name) <= _LONGEST[kind]:
        return name
    message = f"the {kind} {name} has a name of {len(name)} characters; AWS takes {_LONGEST[kind]}"
    raise DeployError("Unsupported", message, "shorten it")
