"""Finds in a flow what would otherwise be found in production. It runs nothing and speaks to nobody.

`check` runs the catalogue over a reading, `render_text`, `render_json` and `render_sarif` show what it found.
"""

from fnfkit.lint.check import check, check_flow, check_text
from fnfkit.lint.rule import Finding, Options, Rule
from fnfkit.lint.rules import CATALOGUE
from fnfkit.lint.shapes.promises import Promises, from_samples, from_schema

__all__ = [
    "CATALOGUE",
    "Finding",
    "Options",
    "Promises",
    "Rule",
    "check",
    "check_flow",
    "check_text",
    "from_samples",
    "from_schema",
]
