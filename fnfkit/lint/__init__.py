"""Finds in a flow what would otherwise be found in production. It runs nothing and speaks to nobody.

`check` runs the catalogue over a reading; `render_text`, `as_json` and `as_sarif` show what it found.
"""

from fnfkit.lint.check import check, check_flow, check_text
from fnfkit.lint.report import Checked, as_json, render_text, summary
from fnfkit.lint.rule import Finding, Options, Rule
from fnfkit.lint.rules import CATALOGUE
from fnfkit.lint.sarif import as_sarif
from fnfkit.lint.schema import fdl_schema
from fnfkit.lint.shapes.promises import Promises, from_samples, from_schema

__all__ = [
    "CATALOGUE",
    "Checked",
    "Finding",
    "Options",
    "Promises",
    "Rule",
    "as_json",
    "as_sarif",
    "check",
    "check_flow",
    "check_text",
    "fdl_schema",
    "from_samples",
    "from_schema",
    "render_text",
    "summary",
]
