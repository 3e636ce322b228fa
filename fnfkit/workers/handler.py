"""A user's function as something that turns a task into an outcome, whatever it takes, returns or raises."""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, get_type_hints

from fnfkit.model.json import JsonObject
from fnfkit.workers.outcome import Again, Done, Later, Outcome, failure
from fnfkit.workers.payload import InvalidOutput, InvalidPayload, convert, output_of

DEFAULT_RETRY_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Task:
    """What a handler may know beside the payload; take it as a second parameter."""

    token: str = field(repr=False)
    payload: JsonObject
    queue: str
    message_id: str
    deliveries: int


class Retry(Exception):
    """Raised by a handler that wants the same message again, `seconds` (1 to 43200) from now."""

    def __init__(self, reason: str = "asked for by the handler", *, seconds: int = DEFAULT_RETRY_SECONDS) -> None:
        super().__init__(reason)
        self.seconds = seconds


class Handler:
    """Runs a function of none, one (the payload) or two parameters (the payload, the `Task`), sync or async.

    The payload comes as the annotation of the first parameter asks. Exceptions of the classes in `retry` leave the
    message to be delivered again; others fail the task. Raises `TypeError` for a function that cannot be a handler.
    """

    def __init__(self, function: Callable[..., Any], *, retry: tuple[type[Exception], ...] = ()) -> None:
        self._function = function
        self._retry = retry
        self._takes = _parameters(function)
        hints = get_type_hints(function) if self._takes else {}
        self._wanted = hints.get(self._takes[0], Any) if self._takes else Any
        self._own = threading.local()

    def run(self, task: Task) -> Outcome:
        """What comes of the task. Exceptions that are not errors (SystemExit, KeyboardInterrupt) pass through."""
        try:
            result = self._call(task)
            return result if isinstance(result, Later) else Done(output_of(result))
        except Retry as again:
            return Again(max(1, min(again.seconds, 43_200)), str(again))
        except (InvalidPayload, InvalidOutput) as error:
            return failure(error)
        except self._retry as error:
            return Again(DEFAULT_RETRY_SECONDS, f"{type(error).__name__}: {error}")
        except Exception as error:
            return failure(error)

    def _call(self, task: Task) -> Any:
        arguments: list[Any] = []
        if self._takes:
            arguments.append(convert(task.payload, self._wanted))
        if len(self._takes) > 1:
            arguments.append(task)
        result = self._function(*arguments)
        if inspect.isawaitable(result):
            result = self._loop().run(_wait(result))
        return Later() if result is Later else result

    def _loop(self) -> asyncio.Runner:
        """One event loop for each thread that runs handlers."""
        if not hasattr(self._own, "runner"):
            self._own.runner = asyncio.Runner()
        runner: asyncio.Runner = self._own.runner
        return runner

    def close(self) -> None:
        """Closes this thread's event loop."""
        if hasattr(self._own, "runner"):
            self._own.runner.close()
            del self._own.runner


async def _wait(awaitable: Any) -> Any:
    return await awaitable


def _parameters(function: Callable[..., Any]) -> list[str]:
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    parameters = inspect.signature(function).parameters.values()
    needed = [p.name for p in parameters if p.kind in kinds and p.default is inspect.Parameter.empty]
    taken = [p.name for p in parameters if p.kind in kinds]
    if len(needed) > 2:
        name = getattr(function, "__name__", repr(function))
        raise TypeError(
            f"the handler {name} needs {len(needed)} arguments; it gets the payload, and the Task if it asks"
        )
    return needed or taken[:1]
