"""How findings speak: paths as their authors spell them, and the name that was probably meant."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

from fnfkit.model.expr import Index, Key, Path, Root, Slice, Wild
from fnfkit.model.problem import Location

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_OWN_INPUT = ("condition", "duration", "timestamp", "collection", "serviceParams")


def spell(path: Path, at: Location) -> str:
    """A path as FDL writes it at that place: the roots have different names in different places (fdl.md 3.2)."""
    return _root(path.root, at) + "".join(_part(part) for part in path.parts)


def _root(root: Root, at: Location) -> str:
    match root:
        case Root.SCOPE_INPUT:
            return "$input"
        case Root.SCOPE_LOCAL | Root.RESULT:
            return "$local"
        case Root.INPUT:
            return "$" if any(word in at for word in _OWN_INPUT) else "$input"
        case Root.CONTEXT:
            return "$context"


def _part(part: Key | Index | Wild | Slice) -> str:
    match part:
        case Key(name=name):
            return f".{name}" if _PLAIN.match(name) else f'["{name}"]'
        case Index(position=position):
            return f"[{position}]"
        case Wild():
            return "[*]"
        case Slice(start=start, stop=stop):
            return f"[{'' if start is None else start}:{'' if stop is None else stop}]"


def listed(names: Iterable[str], limit: int = 8) -> str:
    """Names for a sentence, `a`, `b` and `c`; long lists are cut."""
    quoted = [f"`{name}`" for name in names]
    if len(quoted) > limit:
        return ", ".join(quoted[:limit]) + f" and {len(quoted) - limit} more"
    return " and ".join(filter(None, (", ".join(quoted[:-1]), quoted[-1]))) if quoted else "nothing"


def nearest(name: str, names: Iterable[str]) -> str | None:
    """The name that was probably meant: a misspelling, or one that holds the other as a word."""
    others = sorted(set(names) - {name})
    if close := get_close_matches(name, others, n=1, cutoff=0.66):
        return close[0]
    words = set(_words(name))
    related = [other for other in others if words <= set(_words(other)) or set(_words(other)) <= words]
    return min(related, key=len) if related else None


def _words(name: str) -> list[str]:
    return [word.lower() for word in re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])", name)]
