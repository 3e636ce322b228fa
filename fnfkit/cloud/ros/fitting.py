"""Properties once they are worked out: what a function has yielded must still be what the type takes (ros.md 13)."""

from __future__ import annotations

from fnfkit.lang.ros.findings import Findings
from fnfkit.lang.ros.schema import types
from fnfkit.lang.ros.validate import check_type
from fnfkit.model.json import JsonObject


def unfit(type: str, properties: JsonObject) -> str:
    """What is wrong with resolved properties, empty if nothing is. Text that is empty counts as not given."""
    known = types().get(type)
    if known is None:
        return ""
    findings = Findings()
    needed = {name for name, spec in known.properties.items() if spec.required}
    given = {name: value for name, value in properties.items() if value != "" or name in needed}
    check_type(given, known, ("Properties",), findings)
    if not findings.problems:
        return ""
    first = findings.problems[0]
    return f"{'/'.join(map(str, first.path))}: {first.message}."
