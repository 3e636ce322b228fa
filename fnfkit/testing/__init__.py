"""Tests of flows: an embedded account on virtual time, stubs, faults, path coverage, search for what breaks a flow.

`LocalCloud` needs no pytest; the pytest plugin makes fixtures of it. Names are resolved on first use, so that a pytest
run that uses no fixture pays nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fnfkit.testing.local import LocalCloud
    from fnfkit.testing.run import Run
    from fnfkit.testing.stubs import error

__all__ = [
    "LocalCloud",
    "Run",
    "error",
]

_HOMES = {
    "fnfkit.testing.local": ("LocalCloud",),
    "fnfkit.testing.run": ("Run",),
    "fnfkit.testing.stubs": ("error",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    if (home := _HOME_OF.get(name)) is None:
        raise AttributeError(f"module fnfkit.testing has no attribute {name!r}")
    return getattr(import_module(home), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
