"""A flow as Mermaid text, for pages that draw it themselves; all texts are escaped."""

from __future__ import annotations

from collections.abc import Iterator

from fnfkit.graph.diagram import END, START, Diagram, Node, Spell, Way, diagram_of
from fnfkit.graph.layout import LONGEST_LABEL
from fnfkit.graph.metrics import cut
from fnfkit.model.flow import Flow

_SHAPES: dict[str, tuple[str, str]] = {
    START: ("((", "))"),
    END: ("((", "))"),
    "wait": ("([", "])"),
    "choice": ("{", "}"),
    "succeed": ("([", "])"),
    "fail": ("([", "])"),
}
_ARROWS: dict[Way, str] = {Way.NEXT: "-->", Way.CHOSEN: "-->", Way.CAUGHT: "-.->"}
_CLASSES = (
    "classDef succeed fill:#dafbe1,stroke:#1a7f37",
    "classDef fail fill:#ffebe9,stroke:#cf222e",
    "classDef wait fill:#fff8c5,stroke:#9a6700",
)


def mermaid(flow: Flow, spell: Spell) -> str:
    """The flow chart of a flow, top down; containers are subgraphs."""
    diagram = diagram_of(flow, spell)
    lines = ["flowchart TD", *_diagram(diagram, "n", 1), *(f"    {line}" for line in _CLASSES)]
    return "\n".join(lines) + "\n"


def _diagram(diagram: Diagram, prefix: str, level: int) -> Iterator[str]:
    indent = "    " * level
    for number, node in enumerate(diagram.nodes):
        yield from _node(node, f"{prefix}{number}", level)
    for edge in diagram.edges:
        label = f'|"{_text(cut(edge.label, LONGEST_LABEL))}"|' if edge.label else ""
        yield f"{indent}{prefix}{edge.source} {_ARROWS[edge.way]}{label} {prefix}{edge.target}"


def _node(node: Node, id: str, level: int) -> Iterator[str]:
    indent = "    " * level
    told = "<br/>".join(_text(part) for part in (node.name, node.detail) if part)
    if not node.bodies:
        left, right = _SHAPES.get(node.kind, ("[", "]"))
        style = f":::{node.kind}" if node.kind in ("succeed", "fail", "wait") else ""
        yield f'{indent}{id}{left}"{told}"{right}{style}'
        return
    yield f'{indent}subgraph {id}["{told}"]'
    for number, body in enumerate(node.bodies):
        label = _text(cut(body.label, LONGEST_LABEL)) or " "
        yield f'{indent}    subgraph {id}b{number}["{label}"]'
        yield f"{indent}        direction TB"
        yield from _diagram(body.diagram, f"{id}b{number}n", level + 2)
        yield f"{indent}    end"
    yield f"{indent}end"


def _text(text: str) -> str:
    """Entities for everything that could be read as anything but text."""
    line = " ".join(text.split())
    return "".join(c if c.isalnum() or c in " .,:/_-=()$+" else f"#{ord(c)};" for c in line)
