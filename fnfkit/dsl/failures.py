"""Error names as Python exceptions, so that `except` and `.retry(...)` can speak of them (fdl.md 4.9)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from fnfkit.model.flow import ANY_ERROR
from fnfkit.model.json import Json


class CloudError(Exception):
    """A task failed with an error that is named here. Derive from it to name errors of sub-flows and actions.

    `error` is the name the cloud knows: the class attribute `named`, else the class name. `cause` is the detail.
    """

    named: ClassVar[str] = ""

    def __init__(self, cause: Json = "") -> None:
        super().__init__(cause)
        self.error: str = type(self).named or type(self).__name__
        self.cause: Json = cause


class FC:
    """Errors of Function Compute (fdl.md 4.9)."""

    class ResourceExhausted(CloudError):
        """The account's concurrency is used up; the function did not run."""

        named = "FC.ResourceExhausted"

    class ResourceThrottled(CloudError):
        """Throttled; the function did not run."""

        named = "FC.ResourceThrottled"

    class InternalServerError(CloudError):
        """The function service failed."""

        named = "FC.InternalServerError"

    class ServiceNotFound(CloudError):
        """There is no such service."""

        named = "FC.ServiceNotFound"

    class FunctionNotFound(CloudError):
        """There is no such function."""

        named = "FC.FunctionNotFound"

    class InvalidArgument(CloudError):
        """The call itself was wrong."""

        named = "FC.InvalidArgument"

    class Unknown(CloudError):
        """The function ran and failed without an exception: a crash, an exit, memory used up."""

        named = "FC.Unknown"


class FnF:
    """Errors of the workflow service itself (fdl.md 4.9)."""

    class TaskTimeout(CloudError):
        """The step took longer than its timeout."""

        named = "FnF.TaskTimeout"

    class Timeout(CloudError):
        """A sub-flow took longer than its own timeout."""

        named = "FnF.Timeout"

    class InvalidLocal(CloudError):
        """The result of a task was not a JSON object."""

        named = "FnF.InvalidLocal"

    class RuntimeError(CloudError):
        """Any other error while a step ran."""

        named = "FnF.RuntimeError"


class FlowFailed(Exception):
    """A flow that ran natively has failed, with the error and cause its execution would have."""

    def __init__(self, error: str, cause: Json = "") -> None:
        super().__init__(f"{error}: {cause}" if cause else error)
        self.error = error
        self.cause = cause


class Failing(BaseException):
    """`fail(...)` on its way out. No `except` of a flow may catch it, as no step can catch a fail step (fdl.md 2.6)."""

    def __init__(self, error: str, cause: str) -> None:
        super().__init__(error)
        self.error = error
        self.cause = cause


@dataclass(frozen=True, slots=True)
class Caught:
    """What is known of an error that was caught: its name, and the detail the failed call gave (fdl.md 4.8)."""

    error: str
    cause: Json


def caught(error: BaseException) -> Caught:
    """The name and detail of an exception, as `errorMappings` would see them."""
    if isinstance(error, CloudError | FlowFailed):
        return Caught(error.error, error.cause)
    name = type(error).__name__
    return Caught(name, {"errorMessage": str(error), "errorType": name})


def patterns(error: type[BaseException] | str) -> tuple[str, ...]:
    """The error names that `except error` would catch: the class itself and what is derived from it.

    A step compares names and knows no classes. Of what derives from one of Python's own exceptions only Python's own
    are meant: which others there are depends on what happens to be imported.
    """
    if isinstance(error, str):
        return (error,)
    if error in (Exception, BaseException):
        return (ANY_ERROR,)
    names = [getattr(error, "named", "") or error.__name__]
    own = error.__module__ == "builtins"
    derived = [kind for kind in error.__subclasses__() if not own or kind.__module__ == "builtins"]
    names += [name for kind in derived for name in patterns(kind)]
    return tuple(dict.fromkeys(names))
