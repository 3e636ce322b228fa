"""Resource types of services that are not known here, such as ALIYUN::ECS::VPC.

Published applications have them beside flows and functions, and there are more than a thousand (ros.md, sources). A
name of that form is believed, unless it looks like a misspelling of a type that is known.
"""

from __future__ import annotations

import difflib
import re

from fnfkit.lang.ros.schema import types

_TYPE = re.compile(r"ALIYUN::([A-Za-z0-9]+)::([A-Za-z0-9]+(?:::[A-Za-z0-9]+)*)\Z")
_COMPLETE = frozenset({"FNF", "FC", "FC3", "MNS", "MessageService"})
"""Namespaces without any other types than those known here (ros.md 7)."""
_ALIKE = 0.85
_SPACES_ALIKE = 0.7


def is_foreign(type: str) -> bool:
    """Whether a type is one of a service that is not known here."""
    match = _TYPE.match(type)
    if match is None or type in types() or match[1] in _COMPLETE:
        return False
    return not any(_misspelt(match[1], match[2], *known) for known in _known())


def _known() -> list[tuple[str, str]]:
    return [(match[1], match[2]) for match in map(_TYPE.match, types()) if match]


def _misspelt(space: str, name: str, known_space: str, known_name: str) -> bool:
    if space == known_space:
        return _ratio(name, known_name) >= _ALIKE
    return name.lower() == known_name.lower() and _ratio(space, known_space) >= _SPACES_ALIKE


def _ratio(left: str, right: str) -> float:
    return difflib.SequenceMatcher(None, left.lower(), right.lower()).ratio()
