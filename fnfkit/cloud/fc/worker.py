"""The program of an instance's process, run as a file by itself: it imports the standard library and nothing else.

The other side writes one frame for each call and reads one frame for each answer; a frame is a length of four bytes,
most significant first, and so many bytes of JSON. Bytes in it are base64. Descriptors come as arguments: frames to
read, frames to write, and a pipe whose other end is closed only when the server is gone.

The first frame says what the instance is: code folder, handler, initializer, memory, environment is the process's own.
Each later frame is a call: {"request_id", "context", "event"} with the event, or the body of a request beside "http".
Each answer is {"body"} or {"error"}, with "http" for a WSGI handler.
"""

from __future__ import annotations

import base64
import ctypes
import json
import logging
import os
import resource
import struct
import sys
import threading
import time
import traceback
from collections.abc import Callable
from io import BytesIO
from types import SimpleNamespace
from typing import Any, TypeAlias

Json: TypeAlias = Any
Handler: TypeAlias = Callable[..., Any]

STACK_FRAMES = 20
"""Frames of a stack trace that an error keeps, the innermost; a deep recursion would not fit into an event."""

MOST_FILES = 1024
LARGEST_FILE = 512 * 1024 * 1024
"""Bytes a function may write into one file: the size of its disk (api-fc.md 7)."""


_HOUSE = os.path.dirname(os.path.abspath(__file__))


class ImportModuleError(Exception):
    """The handler's module could not be imported."""


class HandlerNotFound(Exception):
    """The handler's module has no such function."""


def read_frame(descriptor: int) -> Json:
    """The next frame, or None once the other side has closed."""
    head = read_exactly(descriptor, 4)
    if head is None:
        return None
    data = read_exactly(descriptor, struct.unpack(">I", head)[0])
    return None if data is None else json.loads(data)


def read_exactly(descriptor: int, count: int) -> bytes | None:
    """So many bytes, or None if the other side closes before."""
    data = bytearray()
    while len(data) < count:
        if not (part := os.read(descriptor, min(count - len(data), 1 << 20))):
            return None
        data += part
    return bytes(data)


def write_frame(descriptor: int, value: Json) -> None:
    """Writes a frame whole."""
    data = json.dumps(value).encode()
    view = memoryview(struct.pack(">I", len(data)) + data)
    while view:
        view = view[os.write(descriptor, view) :]


def error_of(error: BaseException, code: str, hidden: str = _HOUSE) -> dict[str, Json]:
    """The error object of an uncaught exception (api-fc.md 3.2). `code` is the folder shown as `/code`; frames of the
    files that start with `hidden` are the platform's own."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not frame.filename.startswith(hidden)]
    return {
        "errorMessage": str(error),
        "errorType": type(error).__name__,
        "stackTrace": [_frame(frame, code) for frame in frames[-STACK_FRAMES:]],
    }


def _frame(frame: traceback.FrameSummary, code: str) -> list[str]:
    shown = "/code" + frame.filename[len(code) :] if code and frame.filename.startswith(code) else frame.filename
    return [f'File "{shown}"', f"line {frame.lineno}", f"in {frame.name}", frame.line or ""]


def body_of(result: Json) -> bytes:
    """The bytes of a handler's result (api-fc.md 4). Raises TypeError or ValueError for what has no JSON form."""
    if isinstance(result, bytes):
        return result
    return (result if isinstance(result, str) else json.dumps(result)).encode()


def environ_of(http: dict[str, Json], body: bytes, context: object) -> dict[str, Json]:
    """The WSGI environment of a request to an HTTP trigger (api-fc.md 4)."""
    headers = {name.lower(): value for name, value in http["headers"].items()}
    environ = {
        "REQUEST_METHOD": http["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": http["path"],
        "QUERY_STRING": http["query"],
        "CONTENT_TYPE": headers.get("content-type", ""),
        "CONTENT_LENGTH": str(len(body)),
        "SERVER_NAME": headers.get("host", "localhost").partition(":")[0],
        "SERVER_PORT": headers.get("host", "").partition(":")[2] or "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "fc.context": context,
        "fc.request_uri": http["uri"],
    }
    for name, value in headers.items():
        if name not in ("content-type", "content-length"):
            environ["HTTP_" + name.upper().replace("-", "_")] = value
    return environ


def call_wsgi(handler: Handler, environ: dict[str, Json]) -> tuple[int, list[tuple[str, str]], bytes]:
    """Status, headers and body of a WSGI handler. Raises ValueError if it answers without a status."""
    begun: list[tuple[int, list[tuple[str, str]]]] = []
    written: list[bytes] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: object = None) -> Handler:
        begun[:] = [(int(status.partition(" ")[0]), [(str(name), str(value)) for name, value in headers])]
        return written.append

    result = handler(environ, start_response)
    try:
        body = b"".join(written) + b"".join(result)
    finally:
        if hasattr(result, "close"):
            result.close()
    if not begun:
        raise ValueError("the handler did not call start_response")
    return *begun[0], body


class _Stamp(logging.Formatter):
    """Log lines with time, request id and level, as the platform writes them."""

    request_id = ""

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03d}Z"
        return f"{stamp} {self.request_id} [{record.levelname}] {text}"


class Instance:
    """The function in this process."""

    def __init__(self, setup: dict[str, Json]) -> None:
        self._code = setup["code"]
        self._setup = setup
        self._handler: Handler | None = None
        self._stamp = _Stamp()
        handler = logging.StreamHandler(sys.stdout)
        handler.setFormatter(self._stamp)
        logging.getLogger().addHandler(handler)
        logging.getLogger().setLevel(logging.INFO)

    def serve(self, call: dict[str, Json]) -> dict[str, Json]:
        """The answer to a call. Raises MemoryError and SystemExit, which end the process."""
        self._stamp.request_id = call["request_id"]
        try:
            context = namespace(call["context"])
            handler = self.prepare(context)
            return {} if call.get("prepare") else _answer(handler, call, context)
        except MemoryError:
            raise
        except Exception as error:
            return {"error": error_of(error, self._code)}

    def prepare(self, context: object) -> Handler:
        """Loads the code and runs its initializer, once."""
        if self._handler is None:
            handler = self._load(self._setup["handler"])
            if self._setup["initializer"]:
                self._load(self._setup["initializer"])(context)
            self._handler = handler
        return self._handler

    def _load(self, handler: str) -> Handler:
        path, _, name = handler.rpartition(".")
        try:
            module = __import__(path.replace("/", "."), fromlist=["*"])
        except Exception as error:
            raise ImportModuleError(f"Unable to import module '{path}': {type(error).__name__}: {error}") from error
        found: Handler | None = getattr(module, name, None)
        if not callable(found):
            raise HandlerNotFound(f"Function '{name}' is missing in module '{path}'")
        return found


def _answer(handler: Handler, call: dict[str, Json], context: object) -> dict[str, Json]:
    body = base64.b64decode(call["event"])
    if call.get("http") is None:
        return {"body": _text(body_of(handler(body, context)))}
    status, headers, answer = call_wsgi(handler, environ_of(call["http"], body, context))
    return {"body": _text(answer), "http": {"status": status, "headers": headers}}


_OLDER = {
    "accessKeyId": "access_key_id",
    "accessKeySecret": "access_key_secret",
    "securityToken": "security_token",
}
"""How older handlers spell their credentials (inferred)."""


class _Secret(SimpleNamespace):
    """Credentials, kept out of logs that print the context."""

    def __repr__(self) -> str:
        return "Credentials(...)"

    def __getattr__(self, name: str) -> str:
        if name not in _OLDER:
            raise AttributeError(name)
        found: str = getattr(self, _OLDER[name])
        return found


def namespace(value: Json, kind: type[SimpleNamespace] = SimpleNamespace) -> Json:
    """The context object of a call: attributes all the way down; what is empty stays a dict."""
    if not isinstance(value, dict) or not value:
        return value
    return kind(
        **{name: namespace(item, _Secret if name == "credentials" else SimpleNamespace) for name, item in value.items()}
    )


def _text(body: bytes) -> str:
    return base64.b64encode(body).decode()


def _bound(memory: int) -> None:
    """Bounds what this process and its children can take; what the interpreter itself has is not counted."""
    own = 64 * 1024 * 1024
    if sys.platform == "linux":
        with open("/proc/self/statm") as statistics:
            own = int(statistics.read().split()[0]) * resource.getpagesize()
    limit = own + memory * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    _bound_files()


def _bound_files() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (MOST_FILES, MOST_FILES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST_FILE, LARGEST_FILE))


def _peak() -> int:
    """The most memory this process has had, in KB. (What getrusage says includes the parent's before the start.)"""
    if sys.platform != "linux":
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with open("/proc/self/status") as status:
        return int(status.read().partition("VmHWM:")[2].split(None, 1)[0])


def _adopt() -> None:
    """Has processes that lose their parent become children of this one, so that they can be found and ended."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER


def _die_with(lifeline: int) -> None:
    """Ends this process, and what it has started, once the server is gone."""
    while os.read(lifeline, 1):
        continue
    os.killpg(0, 9)


def _become(command: list[str]) -> None:
    """Goes on as another program, one for functions of another language. It bounds its memory itself; that what it
    starts is found again lasts."""
    _adopt()
    _bound_files()
    os.execv(command[0], command)  # noqa: S606  the function's own language


def main() -> None:
    if command := sys.argv[4:]:
        _become([*command, *sys.argv[1:4]])
    requests, answers, lifeline = map(int, sys.argv[1:4])
    for descriptor in (requests, answers, lifeline):
        os.set_inheritable(descriptor, False)
    threading.Thread(target=_die_with, args=(lifeline,), daemon=True).start()
    if (setup := read_frame(requests)) is None:
        return
    os.chdir(setup["code"])
    sys.path[:0] = [setup["code"], *setup["paths"]]
    sys.dont_write_bytecode = True
    sys.argv = [setup["code"]]
    _adopt()
    _bound(setup["memory"])
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    instance = Instance(setup)
    while (call := read_frame(requests)) is not None:
        try:
            answer = instance.serve(call)
        except MemoryError:
            os._exit(137)
        except SystemExit as end:
            sys.stdout.flush()
            os._exit(end.code if isinstance(end.code, int) else 1)
        sys.stdout.flush()
        answer["memory"] = _peak()
        write_frame(answers, answer)


if __name__ == "__main__":
    main()
