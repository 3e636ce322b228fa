"""Deployment in stages, each output the next one's input. It speaks to ports and never heard of the embedded cloud."""

from fnfkit.deploy import aws
from fnfkit.deploy.error import DeployError
from fnfkit.deploy.execute import Executor, Outcome, StackFailed
from fnfkit.deploy.graph import Graph, graph
from fnfkit.deploy.live import Live
from fnfkit.deploy.plan import Action, Change, Danger, Difference, Drift, Plan, State
from fnfkit.deploy.record import Book, Deployment, book
from fnfkit.deploy.shelf import Shelf
from fnfkit.deploy.survey import find, plan
from fnfkit.deploy.synth import synth

__all__ = [
    "Action",
    "Book",
    "Change",
    "Danger",
    "DeployError",
    "Deployment",
    "Difference",
    "Drift",
    "Executor",
    "Graph",
    "Live",
    "Outcome",
    "Plan",
    "Shelf",
    "StackFailed",
    "State",
    "aws",
    "book",
    "find",
    "graph",
    "plan",
    "synth",
]
