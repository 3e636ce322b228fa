"""The catalogue: every rule once, by id. Rules know the model and places in it, never lines or text."""

from __future__ import annotations

from fnfkit.lint.rule import Rule
from fnfkit.lint.rules import dataflow, errors, mappings, names, reach, reader, tasks, writes

_THEMES = (reader, dataflow, errors, mappings, names, reach, tasks, writes)
CATALOGUE: dict[str, Rule] = {
    rule.id: rule for rule in sorted((rule for theme in _THEMES for rule in theme.RULES), key=lambda rule: rule.id)
}

__all__ = ["CATALOGUE"]
