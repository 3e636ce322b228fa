"""The documentation pages of the rules, one per id and an index, made from the catalogue."""

from __future__ import annotations

from fnfkit.lint.rule import Rule
from fnfkit.lint.rules import CATALOGUE
from fnfkit.model.problem import Severity


def pages() -> dict[str, str]:
    """File name -> Markdown, for the folder docs/rules."""
    return {"README.md": _index(), **{f"{rule.id}.md": _page(rule) for rule in CATALOGUE.values()}}


def _index() -> str:
    rows = [f"| [{rule.id}]({rule.id}.md) | {rule.title} | {_kind(rule)} |" for rule in CATALOGUE.values()]
    head = [
        "# Rules",
        "",
        "What `fnfkit check` finds. Errors keep a flow from working; warnings are almost always mistakes; advice is",
        "given only if its rule is enabled by its id. A comment `# fnfkit: ignore[W03]` on the line of a finding, or",
        "on the first line of its step, silences it; errors that the service reports itself cannot be silenced.",
        "",
        "| id | finds | kind |",
        "|---|---|---|",
    ]
    return "\n".join([*head, *rows]) + "\n"


def _kind(rule: Rule) -> str:
    if rule.advice:
        return "advice"
    return "error" if rule.severity is Severity.ERROR else "warning"


def _page(rule: Rule) -> str:
    parts = [f"# {rule.id}: {rule.title}", "", f"Kind: {_kind(rule)}. Source: {rule.source}.", "", rule.explanation]
    for title, example in (("Reported", rule.bad), ("Not reported", rule.good)):
        if example:
            parts += ["", f"{title}:", "", "```yaml", example.rstrip("\n"), "```"]
    return "\n".join(parts) + "\n"
