"""Which rights of roles no test has used: what deployment derives from a project, held against a test run's data."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

from fnfkit.cli.files import read_text
from fnfkit.cli.inspection import OTHER_ROLES, Inspected
from fnfkit.cli.projects import Project
from fnfkit.cli.refusal import Refusal
from fnfkit.deploy import DeployError
from fnfkit.deploy.grants import Grant, grants
from fnfkit.deploy.graph import Graph, graph
from fnfkit.dsl.errors import CompileError
from fnfkit.lint import Checked
from fnfkit.lint.rule import warn
from fnfkit.lint.tree import places_of
from fnfkit.model.json import Json
from fnfkit.model.problem import Location
from fnfkit.testing.rights import Rights, covers

UNUSED = "W23"
_PLACE = "${ALIYUN::Region}:${ALIYUN::TenantId}"


@dataclass(slots=True)
class Exercise:
    """What a test run has made of rights, and what the projects that were looked at derive. `flows` are those that
    the run knew; data that was not asked for by name counts for projects with one of them only."""

    file: Path
    rights: Rights
    flows: frozenset[str]
    asked: bool
    derived: list[Grant] = field(default_factory=list)

    def unused(self, project: Project) -> dict[str, tuple[tuple[Location, str], ...]]:
        """By flow: the steps that ask for rights which no test has used, and those rights. A project that cannot be
        compiled has other findings."""
        try:
            made = graph(project.app, project.folder)
        except (CompileError, DeployError):
            return {}
        if not self.asked and self.flows.isdisjoint(project.app.flows):
            return {}
        found: dict[str, tuple[tuple[Location, str], ...]] = {}
        for grant in grants(made):
            self.derived.append(grant)
            if not self.rights.used(grant.by, grant.action, grant.resource):
                flow, at = _place(made, grant)
                found[flow] = (*found.get(flow, ()), (at, _told(grant)))
        return found

    def others(self) -> Inspected | None:
        """The grants of other roles, which stood in accounts of tests and which nothing has used."""
        unused = [grant for grant, used in self.rights.grants.items() if not used]
        findings = tuple(
            warn(UNUSED, (), f"no test has used a right of the role {grant.role}: {action} on {resource}", fix)
            for grant in unused
            for action in grant.actions or ("any action but those excluded",)
            for resource in grant.resources
            for fix in [f"it is in statement {grant.statement + 1} of the policy {grant.policy}"]
            if not any(one.action == action and covers(one.resource, resource) for one in self.derived)
        )
        return Inspected(Checked(str(self.file), "", findings), None, OTHER_ROLES) if findings else None


def exercise(file: Path, *, asked: bool) -> Exercise:
    """The data of a test run, `asked` for by name or just there. Raises `Refusal`."""
    rights = Rights()
    try:
        data: Json = json.loads(read_text(file, "coverage"))
        rights.merge(data["rights"])
        flows = frozenset(flow["name"] for flow in data["flows"])
    except (ValueError, KeyError, TypeError, RecursionError):
        hint = "write it anew: pytest --fnf-cov-report=json"
        raise Refusal("InvalidCoverage", f"{file} does not tell which rights tests have used", hint) from None
    return Exercise(file, rights, flows, asked)


def _place(made: Graph, grant: Grant) -> tuple[str, Location]:
    """The first step that asks for a right."""
    flow, step = grant.steps[0]
    node = next(node for node in made.flows if node.name == flow)
    return flow, next(place.at for place in places_of(node.flow) if place.step.name == step)


def _told(grant: Grant) -> str:
    shown = grant.resource.replace(_PLACE, ":")
    asked = dict.fromkeys(f"`{step}` of {flow}" for flow, step in grant.steps)
    return f"{grant.action} on {shown}, which {grant.role} has for {', '.join(asked)}"
