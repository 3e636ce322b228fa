"""The languages fnfkit knows, by name: a new one is one folder and one line here."""

from __future__ import annotations

import re
from collections.abc import Mapping

from fnfkit.lang import asl, cloudflow, fdl
from fnfkit.lang.dialect import Dialect, Reading
from fnfkit.lang.marked import load

DIALECTS: Mapping[str, Dialect] = {
    "fdl": Dialect("fdl", fdl.read, fdl.write),
    "cloudflow": Dialect("cloudflow", cloudflow.read, cloudflow.write),
    "asl": Dialect("asl", asl.read, asl.write),
}

_MAYBE_STATE_MACHINE = re.compile(r"""["']?type["']?\s*:\s*["']?statemachine\b""", re.IGNORECASE)
_MAYBE_STATES = re.compile(r"""["']?StartAt["']?\s*:""")


def dialect_of(text: str) -> Dialect:
    """The language of a definition that the service accepts: `Type: StateMachine` tells them apart (cloudflow.md 1).
    One in the wrong case is refused, but by the reader that can say so."""
    if _MAYBE_STATE_MACHINE.search(text) and cloudflow.is_state_machine(load(text).value):
        return DIALECTS["cloudflow"]
    return DIALECTS["fdl"]


def read(text: str) -> Reading:
    """The flow a definition of either of the service's languages defines, and every problem found. Never raises."""
    return dialect_of(text).read(text)


def read_any(text: str) -> Reading:
    """The same, for every language: states in a mapping are what Amazon States Language has. Never raises."""
    return language_of(text).read(text)


def language_of(text: str) -> Dialect:
    """The language of a text, whoever accepts it."""
    if _MAYBE_STATES.search(text) and not _MAYBE_STATE_MACHINE.search(text):
        root = load(text).value
        if isinstance(root, dict) and "StartAt" in root and isinstance(root.get("States"), dict):
            return DIALECTS["asl"]
    return dialect_of(text)
