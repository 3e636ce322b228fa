"""Tests of flows: an embedded account on virtual time, stubs, faults, path coverage, search for what breaks a flow.

`LocalCloud` needs no pytest; the pytest plugin makes fixtures of it. Names are resolved on first use, so that a pytest
run that uses no fixture pays nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fnfkit.testing.coverage import Coverage
    from fnfkit.testing.generating import generate
    from fnfkit.testing.invariants import called_once, flow_ends, nothing_after_the_end, undone_or_succeeded
    from fnfkit.testing.local import LocalCloud
    from fnfkit.testing.redriving import redrive
    from fnfkit.testing.replaying import replay
    from fnfkit.testing.run import Run
    from fnfkit.testing.schedule import Answer, Crash, Error, Lost, NoSuchStep, Slow, Success, TimedOut, Twice
    from fnfkit.testing.searching import Bound, explore, play
    from fnfkit.testing.stubs import error

__all__ = [
    "Answer",
    "Bound",
    "Coverage",
    "Crash",
    "Error",
    "LocalCloud",
    "Lost",
    "NoSuchStep",
    "Run",
    "Slow",
    "Success",
    "TimedOut",
    "Twice",
    "called_once",
    "error",
    "explore",
    "flow_ends",
    "generate",
    "nothing_after_the_end",
    "play",
    "redrive",
    "replay",
    "undone_or_succeeded",
]

_HOMES = {
    "fnfkit.testing.coverage": ("Coverage",),
    "fnfkit.testing.searching": ("Bound", "explore", "play"),
    "fnfkit.testing.generating": ("generate",),
    "fnfkit.testing.invariants": ("called_once", "flow_ends", "nothing_after_the_end", "undone_or_succeeded"),
    "fnfkit.testing.local": ("LocalCloud",),
    "fnfkit.testing.redriving": ("redrive",),
    "fnfkit.testing.replaying": ("replay",),
    "fnfkit.testing.run": ("Run",),
    "fnfkit.testing.schedule": (
        "Answer",
        "Crash",
        "Error",
        "Lost",
        "NoSuchStep",
        "Slow",
        "Success",
        "TimedOut",
        "Twice",
    ),
    "fnfkit.testing.stubs": ("error",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    if (home := _HOME_OF.get(name)) is None:
        raise AttributeError(f"module fnfkit.testing has no attribute {name!r}")
    return getattr(import_module(home), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
