"""The Message Service over HTTP: verify, find the action by method and path, answer in XML (api-mns.md 1, 2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TypeAlias
from urllib.parse import unquote

from fnfkit.cloud.mns.service import MessageService
from fnfkit.ports import Fault, InvalidRequestURL, MalformedXML
from fnfkit.protocol.http import Request, Response
from fnfkit.protocol.mns import LONGEST_DOCUMENT, VERSION, error_document, write
from fnfkit.server.later import Later
from fnfkit.server.mns_auth import MnsVerifier
from fnfkit.server.mns_call import Call, done, ok, query_of, text_of
from fnfkit.server.mns_queues import QueueActions
from fnfkit.server.mns_topics import TopicActions
from fnfkit.server.service import Answer, Service, new_request_id

Action: TypeAlias = Callable[[Call], Answer]


def mns_service(messages: MessageService, verifier: MnsVerifier) -> Service:
    """The Message Service's row in the gateway's table."""
    api = MnsApi(messages, verifier)
    return Service(
        name="mns",
        matches=_is_mns,
        handle=api.handle,
        too_large=lambda request: _refused(request, MalformedXML(f"The body has over {LONGEST_DOCUMENT} bytes.")),
        max_body=LONGEST_DOCUMENT,
    )


def _is_mns(head: Request) -> bool:
    return head.headers.get("authorization", "").startswith("MNS ") or "x-mns-version" in head.headers


class MnsApi:
    """The REST API over one account's queues and topics."""

    def __init__(self, messages: MessageService, verifier: MnsVerifier) -> None:
        self._verifier = verifier
        self._account = messages.account
        queues, topics = QueueActions(messages.queues), TopicActions(messages.topics)
        self._table: Mapping[tuple[str, str], Action] = {
            ("GET", "/"): self._get_account,
            ("PUT", "/"): self._put_account,
            ("POST", "/commonbuy/openservice"): self._open_service,
            ("GET", "/queues"): queues.list_queues,
            ("PUT", "/queues/*"): queues.put_queue,
            ("GET", "/queues/*"): queues.get_queue,
            ("DELETE", "/queues/*"): queues.delete_queue,
            ("POST", "/queues/*/messages"): queues.post_messages,
            ("GET", "/queues/*/messages"): queues.get_messages,
            ("DELETE", "/queues/*/messages"): queues.delete_messages,
            ("PUT", "/queues/*/messages"): queues.put_messages,
            ("GET", "/topics"): topics.list_topics,
            ("PUT", "/topics/*"): topics.put_topic,
            ("GET", "/topics/*"): topics.get_topic,
            ("DELETE", "/topics/*"): topics.delete_topic,
            ("POST", "/topics/*/messages"): topics.post_messages,
            ("GET", "/topics/*/subscriptions"): topics.list_subscriptions,
            ("PUT", "/topics/*/subscriptions/*"): topics.put_subscription,
            ("GET", "/topics/*/subscriptions/*"): topics.get_subscription,
            ("DELETE", "/topics/*/subscriptions/*"): topics.delete_subscription,
        }

    def handle(self, request: Request) -> Answer:
        """Answers a request, now or later."""
        try:
            answer = self._answer(request)
        except Fault as fault:
            return _refused(request, fault)
        if isinstance(answer, Later):
            pending = answer
            return pending.becoming(lambda: _identified(_faulted(request, pending.answer)))
        return _identified(answer)

    def _answer(self, request: Request) -> Answer:
        self._verifier.verify(request)
        shape, names = _route(request.path)
        action = self._table.get((request.method, shape))
        if action is None:
            raise InvalidRequestURL(
                f"{request.method} {request.path[:200]} is not an operation of the Message Service."
            )
        url = f"http://{request.headers.get('host', '')}"
        return action(Call(request, names, query_of(request), url))

    def _get_account(self, call: Call) -> Answer:
        _need_account_meta(call)
        return ok(write("Account", {"LoggingBucket": self._account.logging_bucket}))

    def _put_account(self, call: Call) -> Answer:
        _need_account_meta(call)
        self._account.set_logging_bucket(text_of(call.document("Account").fields, "LoggingBucket"))
        return done()

    def _open_service(self, call: Call) -> Answer:
        return ok(write("OpenService", {"OrderId": new_request_id()}))


@lru_cache(maxsize=1024)
def _route(path: str) -> tuple[str, tuple[str, ...]]:
    """The shape of a path, with a star for each name, and the names: /queues/q/messages is /queues/*/messages, (q,)."""
    parts = path.strip("/").split("/")
    if parts[0] not in ("queues", "topics"):
        return path, ()
    names = tuple(unquote(name) for name in parts[1::2])
    return "/" + "/".join("*" if position % 2 else part for position, part in enumerate(parts)), names


def _need_account_meta(call: Call) -> None:
    if not call.flag("accountmeta"):
        raise InvalidRequestURL("The root has account attributes only: /?accountmeta=true.")


def _faulted(request: Request, produce: Callable[[], Response]) -> Response:
    try:
        return produce()
    except Fault as fault:
        return _refused(request, fault)


def _refused(request: Request, fault: Fault) -> Response:
    request_id = new_request_id()
    host_id = f"http://{request.headers.get('host', '')[:255]}"
    body = error_document(fault.code, fault.message, request_id=request_id, host_id=host_id)
    return _identified(ok(body, fault.status), request_id)


def _identified(response: Response, request_id: str = "") -> Response:
    if "x-mns-request-id" in response.headers:
        return response
    response.headers.update({"x-mns-request-id": request_id or new_request_id(), "x-mns-version": VERSION})
    return response
