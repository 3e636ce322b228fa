"""One instance of a function: a process as its code sees it, inside the host's.

What the code may notice of the world is the cloud's: time, environment, the end of the process, standard output and
the log. The rules apply to modules of the code folder only; libraries of the host run as they are.
"""

from __future__ import annotations

import builtins
import io
import logging
import os
import sys
from collections import ChainMap
from collections.abc import Callable, Mapping, Sequence
from random import Random
from types import CodeType, ModuleType
from typing import NoReturn, Protocol

from fnfkit.cloud.fc.chances import random_module, secrets_module, uuid_module
from fnfkit.cloud.fc.imports import Modules
from fnfkit.cloud.fc.times import copy_of, datetime_module, time_module
from fnfkit.model.json import Json


class ProcessEnded(BaseException):
    """The code ended its process; no `except Exception` may keep it alive."""


class Host(Protocol):
    """What an instance needs from outside: the call it serves at the moment."""

    def now(self) -> int: ...

    def sleep(self, seconds: float) -> None: ...

    def end(self) -> None:
        """Note that the process has ended."""
        ...

    def write(self, line: str) -> None: ...

    def log(self, level: str, message: str) -> None: ...


class _Lines(io.TextIOBase):
    """Standard output and error of an instance: whole lines go to the function's log."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write
        self._rest = ""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            self._write(line)
        return len(text)

    def finish(self) -> None:
        """Write out the last line if it has no end."""
        if self._rest:
            self.write("\n")


class _Handler(logging.Handler):
    """Writes the records of an instance's loggers to the function's log, with the cloud's time."""

    def __init__(self, host: Host) -> None:
        super().__init__()
        self._host = host

    def emit(self, record: logging.LogRecord) -> None:
        self._host.log(record.levelname, self.format(record))


class Sandbox:
    """The modules, builtins and streams of one instance."""

    def __init__(
        self,
        host: Host,
        folder: str,
        environment: Mapping[str, str],
        codes: dict[str, CodeType],
        *,
        chance: Random | None = None,
        folders: Sequence[str] = (),
    ) -> None:
        self._host = host
        self._chance = chance
        self._environment = dict(environment)
        self._substitutes: dict[str, ModuleType] = {}
        self._stream = _Lines(host.write)
        self._modules = Modules(folder, self, codes)
        self._modules.path += folders
        self._modules.builtins |= {"print": self._print, "exit": self._exit, "quit": self._exit}

    def load(self, module: str) -> ModuleType:
        """A module of the code folder; `/` in its name separates folders (api-fc.md 4). Raises ImportError."""
        return self._modules.load(module.replace("/", "."))

    def finish(self) -> None:
        """Flush what the code has printed so far."""
        self._stream.finish()

    def get(self, name: str) -> ModuleType | None:
        """The instance's version of a standard module, made on first use; None if it has none of its own."""
        module = self._substitutes.get(name)
        if module is None and (make := _MAKERS.get(name)) is not None:
            module = self._substitutes[name] = make(self)
        if module is None and self._chance is not None and (draw := _CHANCES.get(name)) is not None:
            module = self._substitutes[name] = draw(self._chance)
        return module

    def _print(
        self, *values: object, sep: str | None = " ", end: str | None = "\n", file: Json = None, flush: bool = False
    ) -> None:
        builtins.print(*values, sep=sep, end=end, file=file or self._stream, flush=flush)

    def _exit(self, code: Json = None) -> NoReturn:
        # The interactive `exit` closes standard input, which is the host's here.
        raise SystemExit(code)

    def _end(self, *status: Json) -> NoReturn:
        self._host.end()
        raise ProcessEnded

    def _time(self) -> ModuleType:
        return time_module(self._host.now, self._host.sleep)

    def _datetime(self) -> ModuleType:
        return datetime_module(self._host.now)

    def _os(self) -> ModuleType:
        module = copy_of(os)
        if self._chance is not None:
            vars(module).update(urandom=self._chance.randbytes)
        variables = {"PATH": os.environ.get("PATH", os.defpath), "TZ": "UTC", **self._environment}
        vars(module).update(environ=variables, getenv=variables.get, _exit=self._end, abort=self._end)
        return module

    def _sys(self) -> ModuleType:
        module = copy_of(sys)
        vars(module).update(
            stdout=self._stream,
            stderr=self._stream,
            path=self._modules.path,
            modules=ChainMap(self._modules.loaded, sys.modules),
        )
        return module

    def _logging(self) -> ModuleType:
        root = logging.RootLogger(logging.INFO)
        root.addHandler(_Handler(self._host))
        manager = logging.Manager(root)

        def get_logger(name: str | None = None) -> logging.Logger:
            return root if not name or name == root.name else manager.getLogger(name)

        module = copy_of(logging)
        verbs = ("debug", "info", "warning", "error", "exception", "critical", "log")
        vars(module).update({verb: getattr(root, verb) for verb in verbs})
        vars(module).update(root=root, getLogger=get_logger, basicConfig=lambda **options: None)
        return module


_MAKERS: dict[str, Callable[[Sandbox], ModuleType]] = {
    "time": Sandbox._time,
    "datetime": Sandbox._datetime,
    "os": Sandbox._os,
    "sys": Sandbox._sys,
    "logging": Sandbox._logging,
}

_CHANCES: dict[str, Callable[[Random], ModuleType]] = {
    "random": random_module,
    "uuid": uuid_module,
    "secrets": secrets_module,
}
"""The modules an instance with a source of chance of its own sees."""
