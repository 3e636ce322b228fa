"""Deployment in stages, each output the next one's input. It speaks to ports and never heard of the embedded cloud."""

from fnfkit.deploy.error import DeployError
from fnfkit.deploy.graph import Graph, graph
from fnfkit.deploy.synth import synth

__all__ = ["DeployError", "Graph", "graph", "synth"]
