"""How large a value is: cheap upper bounds first, the exact size only near a limit.

The *weight* of a value is at least its size in bytes of compact JSON plus `LEVEL` for each level of nesting. Weights
add up: the weight of what an expression builds is at most a constant plus the weights of what it reads. So a step
costs a few additions, and a value is measured only where the sum passes the limit. A weight within the limit of
32 KiB also proves that the value is no deeper than `MAX_DEPTH`.
"""

from __future__ import annotations

import json

from fnfkit.model.json import Json

LEVEL = 256
MAX_DEPTH = 128
"""Inferred; keeps histories within what JSON writers accept."""
UNLIMITED = 1 << 62
EMPTY_WEIGHT = LEVEL + 3

_CONTAINERS = (dict, list)
_encode = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":")).encode


def weigh(value: Json) -> int:
    """An upper bound of a value's weight, in one walk without recursion."""
    return weigh_flat(value) or _weigh_deep(value)


def weigh_flat(value: Json) -> int:
    """The weight of an object of scalars, the commonest value by far; 0 for any other value."""
    if type(value) is not dict:
        return 0
    size = EMPTY_WEIGHT
    for key, item in value.items():
        kind = type(item)
        if kind is str:
            size += 6 * (len(key) + len(item)) + 7
        elif kind is int:
            size += 6 * len(key) + 7 + item.bit_length()
        elif kind in _CONTAINERS:
            return 0
        else:
            size += 6 * len(key) + 32
    return size + LEVEL


def _weigh_deep(value: Json) -> int:
    size = depth = 0
    level = [value]
    while level:
        depth += 1
        below: list[Json] = []
        for item in level:
            kind = type(item)
            if kind is str:
                size += 6 * len(item) + 3
            elif kind is dict:
                size += 3 + sum([6 * len(key) + 4 for key in item])
                below += item.values()
            elif kind is list:
                size += 3
                below += item
            elif kind is int:
                size += 3 + item.bit_length()
            else:
                size += 28
        level = below
    return size + LEVEL * depth


def depth_of(value: Json) -> int:
    """Levels of nesting: 0 for a scalar, 1 for `{}`; counting stops one past `MAX_DEPTH`."""
    depth = 0
    level = [value]
    while depth <= MAX_DEPTH:
        containers = [item for item in level if type(item) in _CONTAINERS]
        if not containers:
            break
        depth += 1
        level = [below for item in containers for below in (item.values() if type(item) is dict else item)]
    return depth


def byte_size(value: Json) -> int:
    """Bytes of the value as compact UTF-8 JSON (fdl.md 3.1). The value must not be deeper than `MAX_DEPTH`."""
    return len(_encode(value).encode("utf-8", "surrogatepass"))


def text_of(value: Json) -> str:
    """The value as compact JSON; the same precondition."""
    return _encode(value)
