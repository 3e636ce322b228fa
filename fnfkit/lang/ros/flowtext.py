"""Definitions inside templates: the tags of a flow file become substitutions of the template (ros.md 6.2)."""

from __future__ import annotations

import re
from dataclasses import replace

from fnfkit.lang.canonical import dump
from fnfkit.model.stack import Function, GetAtt, Ref, Resource, Sub, Value, rebuilt

_TAGGED = re.compile(r"""(?m)(?<=[\s:\[,{-])!(Ref|GetAtt)[ \t]+(["']?)([A-Za-z_][\w./-]*)\2(?=[ \t]*(?:$|[#,\]}]))""")
"""A tag of a flow file, such as `!Ref Service/Function`."""


def inline(flow: Resource, *, substitute: bool = False) -> Resource:
    """A SAM flow whose definition is text or a mapping, with its tags turned into substitutions.

    `substitute` has other `${}` of the text substituted too, as the tools do with definitions from files.
    """
    definition = flow.properties.get("Definition")
    functions: list[str] = []

    def tag(match: re.Match[str]) -> str:
        return _place(match[1], match[3], functions)

    def call(function: Function) -> Value:
        match function:
            case Ref(name):
                return _place("Ref", name, functions)
            case GetAtt(name, attribute):
                return _place("GetAtt", f"{name}.{attribute}", functions)
            case _:
                return function

    match definition:
        case str():
            text = _TAGGED.sub(tag, definition)
        case dict():
            text = dump(rebuilt(definition, call))
        case _:
            return flow
    wrapped: Value = Sub(text) if "${" in text and (substitute or text != definition) else text
    depends = tuple(dict.fromkeys((*flow.depends_on, *functions)))
    return replace(flow, properties={**flow.properties, "Definition": wrapped}, depends_on=depends)


def _place(tag: str, name: str, functions: list[str]) -> str:
    """The substitution for a tag. `Service/Function` is the ARN of that function (ros.md 6.2)."""
    head, dot, attribute = name.partition(".")
    if "/" in head:
        id = head.replace("/", "")
        functions.append(id)
        return f"${{{id}.{attribute if tag == 'GetAtt' and dot else 'ARN'}}}"
    return f"${{{name}}}"
