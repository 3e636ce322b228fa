"""fnfkit: typed SDK, offline cloud and deploy toolkit for Alibaba Cloud Serverless Workflow.

Importing this package loads no SDK, no server and no YAML: public names are resolved on first use.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fnfkit.dsl.app import App
    from fnfkit.dsl.errors import CompileError
    from fnfkit.dsl.failures import FC, CloudError, FlowFailed, FnF, caught
    from fnfkit.dsl.function import elsewhere
    from fnfkit.dsl.native import native
    from fnfkit.dsl.patterns import approval, poll_until
    from fnfkit.dsl.refs import TaskToken, context, input, local, this
    from fnfkit.dsl.steps import Steps, catch, otherwise, retry, when
    from fnfkit.dsl.words import fail, parallel, part, saga, wait

__version__ = "0.1.0"

__all__ = [
    "FC",
    "App",
    "CloudError",
    "CompileError",
    "FlowFailed",
    "FnF",
    "Steps",
    "TaskToken",
    "approval",
    "catch",
    "caught",
    "context",
    "elsewhere",
    "fail",
    "input",
    "local",
    "native",
    "otherwise",
    "parallel",
    "part",
    "poll_until",
    "retry",
    "saga",
    "this",
    "wait",
    "when",
]

_HOMES = {
    "fnfkit.dsl.app": ("App",),
    "fnfkit.dsl.errors": ("CompileError",),
    "fnfkit.dsl.failures": ("FC", "CloudError", "FlowFailed", "FnF", "caught"),
    "fnfkit.dsl.function": ("elsewhere",),
    "fnfkit.dsl.native": ("native",),
    "fnfkit.dsl.patterns": ("approval", "poll_until"),
    "fnfkit.dsl.refs": ("TaskToken", "context", "input", "local", "this"),
    "fnfkit.dsl.steps": ("Steps", "catch", "otherwise", "retry", "when"),
    "fnfkit.dsl.words": ("fail", "parallel", "part", "saga", "wait"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    if (home := _HOME_OF.get(name)) is None:
        raise AttributeError(f"module fnfkit has no attribute {name!r}")
    return getattr(import_module(home), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
