"""In which languages functions can be run here.

Functions of every runtime can be deployed, so that an application can be deployed that has one. What cannot be run
answers its calls with an error that says so.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from fnfkit.cloud.fc.function import UNHANDLED, Answer, Call, Function

_NODE_PROGRAM = str(Path(__file__).with_name("worker.js"))
NOT_OFFERED = "RuntimeNotOffered"
"""The error type of calls to functions that cannot be run here."""


def runtime_in(code: Path, handler: str) -> str:
    """The runtime for a folder of code that is deployed without one: JavaScript if that is what has the handler."""
    entry = code.joinpath(*handler.rpartition(".")[0].split("."))
    return "nodejs16" if entry.with_suffix(".js").is_file() and not entry.with_suffix(".py").is_file() else "python3"


def is_python(function: Function) -> bool:
    """Whether a function is Python; `python2.7` is run by this Python too."""
    return function.runtime.startswith("python")


def is_node(function: Function) -> bool:
    """Whether a function is JavaScript."""
    return function.runtime.startswith("nodejs")


def command_of(function: Function) -> list[str]:
    """The program that runs a function in its process, and its arguments; empty for Python."""
    node = shutil.which("node")
    if not is_node(function) or node is None:
        return []
    return [node, f"--max-old-space-size={function.memory}", _NODE_PROGRAM]


def refusal(function: Function, *, processes: bool) -> str:
    """Why a function cannot be run here, empty if it can be. JavaScript needs a process, and Node.js installed."""
    if is_python(function) or (processes and is_node(function) and shutil.which("node")):
        return ""
    if not is_node(function):
        return f"runtime {function.runtime!r} cannot be run here: functions are run in Python and JavaScript"
    if processes:
        return f"runtime {function.runtime!r} needs the program node, which is not installed here"
    return f"runtime {function.runtime!r} is only run in processes: stub it, or use fnfkit dev --runtime subprocess"


def refused(call: Call, why: str, now: int) -> Answer:
    """The answer to a call of a function that cannot be run."""
    body = json.dumps({"errorMessage": why, "errorType": NOT_OFFERED}).encode()
    return Answer(body=body, error_type=UNHANDLED, request_id=call.request_id, started=now, ended=now, log=(why,))
