"""The languages fnfkit knows, by name: a new one is one folder and one line here."""

from __future__ import annotations

from collections.abc import Mapping

from fnfkit.lang import fdl
from fnfkit.lang.dialect import Dialect

DIALECTS: Mapping[str, Dialect] = {
    "fdl": Dialect("fdl", fdl.read, fdl.write),
}
