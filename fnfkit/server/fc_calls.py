"""Calls of functions over HTTP: invocations, requests to HTTP triggers, and tasks (api-fc.md 3, 5.3)."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import TypeVar
from urllib.parse import unquote

from fnfkit.cloud.fc.api import FunctionApi
from fnfkit.cloud.fc.calls import HttpResult
from fnfkit.cloud.fc.faults import TriggerNotFound
from fnfkit.cloud.fc.function import HttpCall
from fnfkit.model.json import JsonObject
from fnfkit.model.names import FunctionRef
from fnfkit.ports import Fault, InvalidArgument
from fnfkit.ports.functions import Invoked, InvokeOptions, TaskQuery, TaskRecord
from fnfkit.protocol.fc import (
    DURATION,
    ERROR_TYPE,
    EVENT,
    FC3,
    INVOCATION_TYPE,
    LOG_RESULT,
    LOG_TYPE,
    MEMORY,
    REQUEST_ID,
    SERVICE_VERSION,
    STATEFUL,
    TASK,
    TASK_ID,
)
from fnfkit.protocol.http import Request, Response
from fnfkit.server.fc_auth import FcVerifier
from fnfkit.server.fc_call import Call, done, listing, ok
from fnfkit.server.later import Later, Signal
from fnfkit.server.service import Answer

T = TypeVar("T")

_HOP_BY_HOP = frozenset({"connection", "content-length", "transfer-encoding", "keep-alive", "upgrade", "trailer"})
_WITHOUT_BODY = (204, 304)


class CallActions:
    """Each method answers one operation."""

    def __init__(self, api: FunctionApi, verifier: FcVerifier) -> None:
        self._api = api
        self._verifier = verifier

    def invoke(self, call: Call) -> Answer:
        """InvokeFunction."""
        options = _options(call)
        calls, service, function, body = self._api.calls, call.service, call.function, call.request.body
        if options.asynchronous:
            accepted = calls.submit(service, function, body, options)
            headers = {REQUEST_ID: accepted.request_id}
            # Whether the answer names the task is inferred (api-fc.md 3.2).
            return Response(202, {**headers, TASK_ID[FC3]: accepted.task_id} if call.version == FC3 else headers)
        return _later(lambda settle: calls.begin(service, function, body, options, settle), _answer)

    def proxy(self, request: Request, version: str, rest: str) -> Answer:
        """A request to an HTTP trigger: anonymous or signed, as the trigger says (api-fc.md 2.1, 4)."""
        service, qualifier, function, path = _place(version, rest)
        self._api.get_function(service, function, qualifier)
        trigger = self._api.calls.trigger(service, function, qualifier)
        if trigger is None:
            raise TriggerNotFound(f"function '{function}' has no HTTP trigger for '{qualifier or 'LATEST'}'")
        methods = trigger.config.get("methods") or []
        if request.method not in [str(method).upper() for method in methods]:
            raise Fault.of("MethodNotAllowed", 405, f"the trigger takes {', '.join(map(str, methods))}")
        if trigger.config.get("authType") != "anonymous":
            self._verifier.verify(request, with_query=request.headers.get("authorization", "").startswith("FC "))
        http = HttpCall(
            method=request.method,
            path=unquote(path),
            query=request.query,
            uri=request.target,
            headers={name: value for name, value in request.headers.items() if name != "authorization"},
        )
        given = (http, request.body)
        begin = self._api.calls.begin_http
        return _later(lambda settle: begin(service, function, qualifier, given, settle), _http_answer)

    # Tasks

    def get_task(self, call: Call) -> Response:
        """GetStatefulAsyncInvocation, GetAsyncTask."""
        return ok(self._task(call, self._api.get_task(call.service, call.function, call.last, call.qualifier)))

    def list_tasks(self, call: Call) -> Response:
        """ListStatefulAsyncInvocations, ListAsyncTasks."""
        query = TaskQuery(
            qualifier=call.qualifier,
            status=call.query.get("status", ""),
            prefix=call.query.get("prefix") or call.query.get("invocationIdPrefix", ""),
            begin=call.number("startedTimeBegin"),
            end=call.number("startedTimeEnd"),
            descending=call.query.get("sortOrderByTime", "").lower() == "desc",
        )
        page = self._api.list_tasks(
            call.service, call.function, query, limit=call.limit, next_token=call.query.get("nextToken")
        )
        shown = call.query.get("includePayload", "").lower() == "true"
        items = [self._task(call, task, payload=shown) for task in page.items]
        return listing("tasks" if call.version == FC3 else "invocations", items, page)

    def stop_task(self, call: Call) -> Response:
        """StopStatefulAsyncInvocation, StopAsyncTask."""
        self._api.stop_task(call.service, call.function, call.last, call.qualifier)
        return done()

    def _task(self, call: Call, task: TaskRecord, *, payload: bool = True) -> JsonObject:
        shape = TASK[call.generation]
        fields = shape.write(task)
        if not payload:
            fields = {name: one for name, one in fields.items() if not name.endswith("Payload")}
        if call.version == FC3:
            functions = self._api.functions
            where: JsonObject = {
                "functionArn": str(FunctionRef(task.function, "", "", functions.region, functions.account_id))
            }
        else:
            where = {"serviceName": task.service, "functionName": task.function}
        return {**fields, **where, "events": [EVENT.write(event) for event in task.events]}


def _options(call: Call) -> InvokeOptions:
    headers = call.request.headers
    kind = headers.get(INVOCATION_TYPE, "Sync")
    if kind not in ("Sync", "Async"):
        raise InvalidArgument(f"{INVOCATION_TYPE} {kind[:40]!r} is not one of Sync, Async")
    return InvokeOptions(
        qualifier=call.qualifier,
        asynchronous=kind == "Async",
        task_id=headers.get(TASK_ID[call.generation], ""),
        stateful=headers.get(STATEFUL, "").lower() == "true",
        tail=headers.get(LOG_TYPE, "").lower() == "tail",
    )


def _later(
    begin: Callable[[Callable[[T | Fault], None]], Callable[[], None]], respond: Callable[[T], Response]
) -> Later[Response]:
    """The answer of a call once it is there; a client that goes withdraws a call that has not begun."""
    signal = Signal()
    box: list[T | Fault] = []

    def settle(result: T | Fault) -> None:
        box.append(result)
        signal.give()

    def answer() -> Response:
        if not box:
            raise Fault.of("ServiceUnavailable", 503, "The server stops; the function has not answered yet.")
        result = box[0]
        if isinstance(result, Fault):
            raise result
        return respond(result)

    withdraw = begin(settle)
    return Later(answer, signal, withdraw)


def _answer(invoked: Invoked) -> Response:
    headers = {**_facts(invoked), "content-type": "application/octet-stream"}
    if invoked.error_type:
        headers |= {ERROR_TYPE: invoked.error_type, "content-type": "application/json"}
    if invoked.log:
        headers[LOG_RESULT] = base64.b64encode(invoked.log.encode()).decode()
    return Response(200, headers, invoked.payload)


def _http_answer(result: HttpResult) -> Response:
    own = tuple((name.lower(), value) for name, value in result.answer.headers if name.lower() not in _HOP_BY_HOP)
    headers = {REQUEST_ID: result.invoked.request_id}
    if result.invoked.error_type:
        headers[ERROR_TYPE] = result.invoked.error_type
    own = tuple((name, value) for name, value in own if name not in headers)
    body = b"" if result.answer.status in _WITHOUT_BODY else result.body
    return Response(result.answer.status, headers, body, repeated=own)


def _facts(invoked: Invoked) -> dict[str, str]:
    return {
        REQUEST_ID: invoked.request_id,
        DURATION: str(invoked.duration),
        MEMORY: f"{invoked.memory:.2f}",
        SERVICE_VERSION: invoked.version,
    }


def _place(version: str, rest: str) -> tuple[str, str, str, str]:
    """Service, qualifier, function and path of what follows `/proxy/`."""
    first, _, rest = rest.partition("/")
    owner, _, qualifier = unquote(first).partition(".")
    if version == FC3:
        return "", qualifier, owner, f"/{rest}"
    function, _, path = rest.partition("/")
    return owner, qualifier, unquote(function), f"/{path}"
