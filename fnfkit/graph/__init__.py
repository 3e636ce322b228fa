"""Flows as pictures: SVG of its own layered layout, and Mermaid text. It knows the model and no text format."""

from fnfkit.graph.diagram import Spell, diagram_of
from fnfkit.graph.mermaid import mermaid
from fnfkit.graph.svg import svg

__all__ = ["Spell", "diagram_of", "mermaid", "svg"]
