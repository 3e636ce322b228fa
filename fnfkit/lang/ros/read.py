"""Template text, JSON or YAML, to the model (ros.md 1 to 4)."""

from __future__ import annotations

import re

from fnfkit.lang.marked import load
from fnfkit.lang.ros.findings import Findings, Reading, kind
from fnfkit.lang.ros.functions import read_value
from fnfkit.lang.ros.parameters import read_parameter
from fnfkit.lang.ros.shared import SECTION as SHARED
from fnfkit.lang.ros.shared import shared
from fnfkit.model.json import Json
from fnfkit.model.problem import Location, Mark, Problem
from fnfkit.model.stack import SERVERLESS, VERSION, Output, Resource, Template

LARGEST = 524_288
"""Bytes of a template (ros.md 5)."""
MOST_RESOURCES = 300
"""Resources of a stack: the larger of the two documented numbers (ros.md 14)."""
MOST_PARAMETERS = 200

_SECTIONS = (
    *("ROSTemplateFormatVersion", "Transform", "Description", "Metadata", "Parameters", "Mappings", "Conditions"),
    *("Resources", "Outputs", "Rules", "Locals", "Workspace"),
)
_RESOURCE = ("Type", "Properties", "DependsOn", "Condition", "DeletionPolicy", "Metadata", "Count")
_TOLERATED = ("Description",)
"""Not documented for resources, and seen on them."""
_RULE = ("RuleCondition", "Assertions")
_OUTPUT = ("Value", "Description", "Condition")
_ID = re.compile(r"[A-Za-z_][A-Za-z.0-9_-]{0,254}\Z")


def read(text: str) -> Reading:
    """The template of a text, and every problem of its form; goes on after an error. Never raises."""
    if too_large := _size(text):
        return Reading(None, (too_large,))
    document = load(text)
    if not document.readable:
        return Reading(None, document.problems, document.marks)
    findings = Findings(document.problems)
    template = _template(document.value, findings)
    return Reading(template, tuple(findings.problems), document.marks)


def _size(text: str) -> Problem | None:
    raw = text.encode("utf-8", "replace")
    if len(raw) <= LARGEST:
        return None
    head = raw[:LARGEST].decode("utf-8", "ignore")
    mark = Mark(head.count("\n") + 1, len(head) - head.rfind("\n"))
    message = f"the template has {len(raw)} bytes; at most {LARGEST} are taken"
    return Problem("T14", (), message, "move code out of the template, or split the stack", mark=mark)


def _template(root: Json, findings: Findings) -> Template | None:
    if not isinstance(root, dict):
        what = "the text is empty" if root is None else f"a template must be a mapping, not {kind(root)}"
        findings.error("T01", (), what, f"start with `ROSTemplateFormatVersion: '{VERSION}'` and `Resources:`")
        return None
    sections = (*_SECTIONS, SHARED) if root.get("Transform") == SERVERLESS else _SECTIONS
    findings.known(root, sections, (), "a template")
    _version(root, findings)
    resources = shared(root.get(SHARED), _resources(root, findings), findings)
    parameters = findings.mapping(root.get("Parameters"), ("Parameters",), "Parameters")
    outputs = findings.mapping(root.get("Outputs"), ("Outputs",), "Outputs")
    if len(parameters) > MOST_PARAMETERS:
        findings.error("T01", ("Parameters",), f"{len(parameters)} parameters; at most {MOST_PARAMETERS} are taken")
    return Template(
        resources=resources,
        parameters=tuple(read_parameter(name, raw, findings) for name, raw in parameters.items()),
        outputs=tuple(_output(name, raw, findings) for name, raw in outputs.items()),
        mappings=_mappings(root, findings),
        conditions=_values(root, "Conditions", findings),
        rules=_rules(root, findings),
        locals=_locals(root, findings),
        metadata=findings.mapping(root.get("Metadata"), ("Metadata",), "Metadata"),
        description=root.get("Description", ""),
        transform=_transform(root, findings),
    )


def _version(root: dict[str, Json], findings: Findings) -> None:
    given = root.get("ROSTemplateFormatVersion")
    fix = f"write `ROSTemplateFormatVersion: '{VERSION}'`"
    if given is None:
        findings.error("T02", (), "the template has no ROSTemplateFormatVersion", fix)
    elif str(given) != VERSION:
        findings.error("T02", ("ROSTemplateFormatVersion",), f"the version {given!r} is not supported", fix)


def _transform(root: dict[str, Json], findings: Findings) -> str:
    given = root.get("Transform", "")
    if given not in ("", None, SERVERLESS):
        findings.error("T13", ("Transform",), f"the transform {given!r:.80} is unknown", f"write `{SERVERLESS}`")
    return SERVERLESS if given == SERVERLESS else ""


def _values(root: dict[str, Json], section: str, findings: Findings) -> dict[str, Json]:
    entries = findings.mapping(root.get(section), (section,), section)
    return {name: read_value(raw, (section, name), findings) for name, raw in entries.items()}


def _rules(root: dict[str, Json], findings: Findings) -> dict[str, Json]:
    entries = findings.mapping(root.get("Rules"), ("Rules",), "Rules")
    return {name: _rule(name, raw, findings) for name, raw in entries.items()}


def _rule(name: str, raw: Json, findings: Findings) -> Json:
    path: Location = ("Rules", name)
    entry = findings.mapping(raw, path, f"the rule {name}")
    findings.known(entry, _RULE, path, "a rule")
    assertions = entry.get("Assertions")
    if not isinstance(raw, dict):
        return {"Assertions": []}
    if not isinstance(assertions, list) or not all(isinstance(one, dict) and "Assert" in one for one in assertions):
        message = f"the rule {name} needs a list of assertions, each with an Assert"
        findings.error("T01", path, message, "write `Assertions: [{Assert: ..., AssertDescription: ...}]`")
        return {"Assertions": []}
    return {key: read_value(item, (*path, key), findings) for key, item in entry.items()}


def _locals(root: dict[str, Json], findings: Findings) -> dict[str, Json]:
    entries = findings.mapping(root.get("Locals"), ("Locals",), "Locals")
    for name, raw in entries.items():
        findings.mapping(raw, ("Locals", name), f"the local {name}")
    return {name: read_value(raw, ("Locals", name), findings) for name, raw in entries.items()}


def _mappings(root: dict[str, Json], findings: Findings) -> dict[str, Json]:
    entries = findings.mapping(root.get("Mappings"), ("Mappings",), "Mappings")
    for name, table in entries.items():
        for key, row in findings.mapping(table, ("Mappings", name), f"the mapping {name}").items():
            findings.mapping(row, ("Mappings", name, key), f"the mapping {name}.{key}")
    return entries


def _resources(root: dict[str, Json], findings: Findings) -> tuple[Resource, ...]:
    entries = findings.mapping(root.get("Resources"), ("Resources",), "Resources")
    if len(entries) > MOST_RESOURCES:
        findings.error("T01", ("Resources",), f"{len(entries)} resources; a stack may have {MOST_RESOURCES}")
    read = (_resource(name, raw, findings) for name, raw in entries.items())
    return tuple(resource for resource in read if resource is not None)


def _resource(id: str, raw: Json, findings: Findings) -> Resource | None:
    path: Location = ("Resources", id)
    if not _ID.match(id):
        findings.error("T01", path, f"`{id:.40}` is no logical ID", "use letters and digits, the first a letter")
    if not isinstance(raw, dict):
        findings.error("T01", path, f"the resource {id} must be a mapping, not {kind(raw)}", "give it a `Type:`")
        return None
    type = raw.get("Type")
    if not isinstance(type, str):
        findings.error("T01", path, f"the resource {id} has no Type", "name it, e.g. `Type: ALIYUN::FNF::Flow`")
        return None
    more = {key: value for key, value in raw.items() if key not in _RESOURCE}
    if not type.startswith("Aliyun::"):
        findings.known(raw, _RESOURCE + _TOLERATED, path, "a resource")
    properties = findings.mapping(raw.get("Properties"), (*path, "Properties"), "Properties")
    # Functions in the template of an inner stack are that template's own.
    verbatim = {"TemplateBody"} if type == "ALIYUN::ROS::Stack" else set()
    return Resource(
        id=id,
        type=type,
        properties={
            name: value if name in verbatim else read_value(value, (*path, "Properties", name), findings)
            for name, value in properties.items()
        },
        depends_on=_depends(raw, path, findings),
        condition=_word(raw, "Condition", path, findings),
        deletion_policy=_policy(raw, path, findings),
        count=read_value(raw.get("Count"), (*path, "Count"), findings),
        metadata=findings.mapping(raw.get("Metadata"), (*path, "Metadata"), "Metadata"),
        more={key: read_value(value, (*path, key), findings) for key, value in more.items()},
        origin=path,
    )


def _depends(raw: dict[str, Json], path: Location, findings: Findings) -> tuple[str, ...]:
    given = raw.get("DependsOn")
    names = [given] if isinstance(given, str) else ([] if given is None else given)
    if isinstance(names, list) and all(isinstance(name, str) for name in names):
        return tuple(names)
    findings.error("T06", (*path, "DependsOn"), "DependsOn must name resources", "write a name or a list of names")
    return ()


def _word(raw: dict[str, Json], key: str, path: Location, findings: Findings) -> str:
    given = raw.get(key)
    if given is None or isinstance(given, str):
        return given or ""
    findings.error("T06", (*path, key), f"{key} must be a name, not {kind(given)}")
    return ""


def _policy(raw: dict[str, Json], path: Location, findings: Findings) -> str:
    policy = _word(raw, "DeletionPolicy", path, findings)
    if policy not in ("", "Delete", "Retain"):
        findings.error("T07", (*path, "DeletionPolicy"), f"the deletion policy {policy} is unknown", "Delete or Retain")
    return policy


def _output(name: str, raw: Json, findings: Findings) -> Output:
    path: Location = ("Outputs", name)
    entry = findings.mapping(raw, path, f"the output {name}")
    if "Value" not in entry and (isinstance(raw, dict) or raw is None):
        findings.error("T01", path, f"the output {name} has no Value", "give it a `Value:`")
    return Output(
        name=name,
        value=read_value(entry.get("Value"), (*path, "Value"), findings),
        description=entry.get("Description", ""),
        condition=_word(entry, "Condition", path, findings),
        more={key: read_value(item, (*path, key), findings) for key, item in entry.items() if key not in _OUTPUT},
    )
