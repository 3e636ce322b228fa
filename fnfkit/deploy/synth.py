"""A graph as a stack template. Every template that leaves this module has been validated against the schema."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

from fnfkit.deploy import units
from fnfkit.deploy.error import DeployError
from fnfkit.deploy.graph import FlowNode, FunctionNode, Graph, own
from fnfkit.deploy.ids import Ids, policy_name, role_name
from fnfkit.deploy.package import package
from fnfkit.deploy.policy import FLOWS, FUNCTIONS, document, flow_rights, report_rights, trust, worker_rights
from fnfkit.deploy.shelf import Shelf
from fnfkit.lang import ros
from fnfkit.lang.fdl import write
from fnfkit.lang.ros.functions import write_value
from fnfkit.model.names import FunctionRef, QueueRef, Target, TopicRef
from fnfkit.model.stack import GetAtt, Output, Resource, Template, Value

LONGEST_POLICY = 2048
"""Characters of a policy document (ros.md 5), counted with room for the names that are filled in."""
_ROOM = 40
"""Characters a substituted region and account may add to an ARN, generously."""


def synth(graph: Graph, stack: str, *, cache: Path, shelf: Shelf | None = None) -> Template:
    """The template of a project. Raises `DeployError` for what cannot be packed, written or made.

    Names of roles and policies have the stack's name in them; other names are as the App has them. Archives that do not
    fit into the template are left on the shelf, to be uploaded.
    """
    template = _Synthesis(graph, stack, cache, shelf or Shelf()).template()
    problems = ros.validate(template)
    if problems:
        first = problems[0]
        raise DeployError("InvalidTemplate", f"{'/'.join(map(str, first.path))}: {first.message}", first.fix)
    return template


class _Synthesis:
    def __init__(self, graph: Graph, stack: str, cache: Path, shelf: Shelf) -> None:
        self._shelf = shelf
        self._graph, self._stack, self._ids = graph, stack, Ids()
        self._packages = {node: package(node.handle, graph.folder, cache) for node in graph.functions}
        self._functions: dict[FunctionRef, tuple[str, ...]] = {}

    def template(self) -> Template:
        graph = self._graph
        resources = [*self._messages(), *self._code()]
        for flow in graph.flows:
            resources += self._flow(flow)
        resources += self._schedules()
        return Template(
            resources=tuple(resources),
            outputs=tuple(self._outputs()),
            description=f"{graph.name}, made by fnfkit",
        )

    def _messages(self) -> Iterator[Resource]:
        for queue in self._graph.queues:
            id = self._ids.of(queue, "Queue")
            yield Resource(id=id, type="ALIYUN::MNS::Queue", properties={"QueueName": queue})
        for topic in self._graph.topics:
            id = self._ids.of(topic, "Topic")
            yield Resource(id=id, type="ALIYUN::MNS::Topic", properties={"TopicName": topic})
        for queue in self._graph.worked:
            properties: dict[str, Value] = {
                "PolicyName": policy_name(self._stack, f"{queue}-worker"),
                "Description": f"What a worker of the queue {queue} may do",
                "PolicyDocument": worker_rights(queue),
            }
            id = self._ids.of(queue, "WorkerPolicy")
            yield Resource(id=id, type="ALIYUN::RAM::ManagedPolicy", properties=properties)

    def _code(self) -> Iterator[Resource]:
        for service in dict.fromkeys(node.ref.service for node in self._graph.functions):
            nodes = [node for node in self._graph.functions if node.ref.service == service]
            if service:
                yield from self._service(service, nodes)
            else:
                for node in nodes:
                    yield from self._function3(node)

    def _service(self, service: str, nodes: list[FunctionNode]) -> Iterator[Resource]:
        role = self._role(service, "functions", FUNCTIONS, report_rights()) if _report(nodes) else None
        if role is not None:
            yield role
        properties: dict[str, Value] = {"ServiceName": service}
        if role is not None:
            properties["Role"] = GetAtt(role.id, "Arn")
        made = Resource(id=self._ids.of(service, "Service"), type="ALIYUN::FC::Service", properties=properties)
        yield made
        for node in nodes:
            id = self._ids.of(node.ref.function, "Function")
            self._functions[node.ref] = (id,)
            yield units.second(node, self._packages[node], self._shelf, id=id, service=made.id)
        yield from self._releases(made, nodes)

    def _releases(self, service: Resource, nodes: list[FunctionNode]) -> Iterator[Resource]:
        """A version per content of the service's code, and the aliases that steps call moved to it (ros.md 7)."""
        qualifiers = list(dict.fromkeys(name for node in nodes for name in node.qualifiers))
        if not qualifiers:
            return
        digests = "".join(self._packages[node].digest for node in nodes)
        id = f"{service.id}Version{hashlib.sha256(digests.encode()).hexdigest()[:8]}"
        needed = tuple(id for node in nodes for id in self._functions[node.ref])
        name = GetAtt(service.id, "ServiceName")
        yield Resource(id=id, type="ALIYUN::FC::Version", properties={"ServiceName": name}, depends_on=needed)
        for qualifier in qualifiers:
            alias = self._ids.of(f"{service.id}-{qualifier}", "Alias")
            properties: dict[str, Value] = {
                "ServiceName": name,
                "AliasName": qualifier,
                "VersionId": GetAtt(id, "VersionId"),
            }
            yield Resource(id=alias, type="ALIYUN::FC::Alias", properties=properties)
            for node in nodes:
                if qualifier in node.qualifiers:
                    self._functions[node.ref] += (alias,)

    def _function3(self, node: FunctionNode) -> Iterator[Resource]:
        if node.qualifiers:
            message = f"the alias {node.qualifiers[0]} of {node.ref.function} cannot be made: no template makes those"
            raise DeployError("NoAlias", message, "give the App a service=, or call the function without .at(...)")
        name = node.ref.function
        role = self._role(name, "function", FUNCTIONS, report_rights()) if node.reports else None
        if role is not None:
            yield role
        id, role_id = self._ids.of(name, "Function"), role.id if role else ""
        made = units.third(node, self._packages[node], self._shelf, id=id, role=role_id)
        self._functions[node.ref] = tuple(one.id for one in made)
        yield from made

    def _flow(self, node: FlowNode) -> Iterator[Resource]:
        writing = write(node.flow)
        if writing.unsupported:
            lost = writing.unsupported[0]
            place = "/".join(map(str, lost.path))
            raise DeployError("Unsupported", f"flow {node.name}: FDL cannot express {lost.feature} at {place}")
        rights = flow_rights(node.calls)
        role = None if rights is None else self._role(node.name, "flow", FLOWS, rights)
        if role is not None:
            yield role
        properties: dict[str, Value] = {
            "Name": node.name,
            "Description": node.description,
            "Definition": writing.text,
        }
        if role is not None:
            properties["RoleArn"] = GetAtt(role.id, "Arn")
        needed = tuple(dict.fromkeys(id for call in node.calls for id in self._targets(call.target)))
        id = self._ids.of(node.name, "Flow")
        yield Resource(id=id, type="ALIYUN::FNF::Flow", properties=properties, depends_on=needed)

    def _targets(self, target: Target) -> tuple[str, ...]:
        """The resources of this template that a step calls."""
        if not own(target):
            return ()
        match target:
            case FunctionRef(function, service):
                return self._functions.get(FunctionRef(function, service), ())
            case QueueRef(queue) if queue in self._graph.queues:
                return (self._ids.of(queue, "Queue"),)
            case TopicRef(topic) if topic in self._graph.topics:
                return (self._ids.of(topic, "Topic"),)
            case _:
                return ()

    def _schedules(self) -> Iterator[Resource]:
        for schedule in self._graph.schedules:
            properties: dict[str, Value] = {
                # By attribute, so that the schedule goes before its flow does (ros.md 7).
                "FlowName": GetAtt(self._ids.of(schedule.flow, "Flow"), "Name"),
                "ScheduleName": schedule.name,
                "CronExpression": schedule.cron,
                "Enable": schedule.enabled,
            }
            if schedule.payload is not None:
                properties["Payload"] = json.dumps(schedule.payload, ensure_ascii=False)
            id = self._ids.of(schedule.name, "Schedule")
            yield Resource(id=id, type="ALIYUN::FNF::Schedule", properties=properties)

    def _role(self, name: str, kind: str, principal: str, rights: dict[str, Value]) -> Resource:
        policies: list[Value] = [
            {"PolicyName": policy_name(self._stack, f"{name}-{kind}-{number}"), "PolicyDocument": part}
            for number, part in enumerate(_parts(rights), 1)
        ]
        properties: dict[str, Value] = {
            "RoleName": role_name(self._stack, f"{name}-{kind}"),
            "AssumeRolePolicyDocument": trust(principal),
            "Policies": policies,
        }
        # "function" and "functions" are different things under one name: the kind is part of the ID.
        return Resource(id=self._ids.of(f"{name}-{kind}", "Role"), type="ALIYUN::RAM::Role", properties=properties)

    def _outputs(self) -> Iterator[Output]:
        for flow in self._graph.flows:
            id = self._ids.of(flow.name, "Flow")
            yield Output(name=f"{id}Name", value=GetAtt(id, "Name"))
        for queue in self._graph.queues:
            id = self._ids.of(queue, "Queue")
            yield Output(name=f"{id}Url", value=GetAtt(id, "QueueUrl"))
        for queue in self._graph.worked:
            id = self._ids.of(queue, "WorkerPolicy")
            yield Output(name=f"{id}Name", value=GetAtt(id, "PolicyName"))


def _report(nodes: list[FunctionNode]) -> bool:
    return any(node.reports for node in nodes)


def _parts(rights: dict[str, Value]) -> Iterator[dict[str, Value]]:
    """A policy as documents that are each short enough to be taken."""
    part: list[Value] = []
    size = 0
    for statement in rights["Statement"]:
        length = len(json.dumps(write_value(statement))) + _ROOM
        if part and size + length > LONGEST_POLICY - 100:
            yield document(part)
            part, size = [], 0
        part.append(statement)
        size += length
    yield document(part)
