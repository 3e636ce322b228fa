"""Workloads on queues over HTTP: a raw keep-alive client that signs, and a worker on the official packages."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import socket
import threading
import time
from collections.abc import Callable
from email.utils import formatdate
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from benchmarks import servers

_HANDLE = re.compile(rb"<ReceiptHandle>([^<]+)<")
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_CLOSE = re.compile(rb"connection: *close", re.IGNORECASE)
_MESSAGE = (
    b'<?xml version="1.0" encoding="utf-8"?><Message xmlns="http://mns.aliyuncs.com/doc/v1/">'
    b"<MessageBody>aGVsbG8gd29ybGQ=</MessageBody><Priority>8</Priority></Message>"
)
_QUEUE = b'<Queue xmlns="http://mns.aliyuncs.com/doc/v1/"></Queue>'
_XML = "text/xml;charset=UTF-8"

FLOW = """
version: v1
type: flow
steps:
  - type: task
    name: work
    resourceArn: acs:mns:::/queues/fnf-demo/messages
    pattern: waitForCallback
    inputMappings:
      - {target: task_token, source: $context.task.token}
    serviceParams: {MessageBody: $, Priority: 1}
"""


class Connection:
    """A socket that is kept for as long as the server keeps it, for requests that are answered with a length."""

    def __init__(self, endpoint: str) -> None:
        parts = urlsplit(endpoint)
        self.host = parts.netloc
        self._address = (parts.hostname or "", parts.port or 80)
        self._socket: socket.socket | None = None

    def ask(self, method: str, target: str, headers: dict[str, str], body: bytes = b"") -> bytes:
        """A request; returns the answer's body."""
        talk = self._socket or self._connect()
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        head = f"{method} {target} HTTP/1.1\r\nHost: {self.host}\r\n{lines}Content-Length: {len(body)}\r\n\r\n"
        talk.sendall(head.encode() + body)
        data = _more(talk)
        while b"\r\n\r\n" not in data:
            data += _more(talk)
        top, _, rest = data.partition(b"\r\n\r\n")
        length = _LENGTH.search(top)
        while length and len(rest) < int(length[1]):
            rest += _more(talk)
        assert top[9:10] == b"2", data
        if _CLOSE.search(top):
            talk.close()
            self._socket = None
        return rest

    def _connect(self) -> socket.socket:
        self._socket = socket.create_connection(self._address)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self._socket


def _more(talk: socket.socket) -> bytes:
    data = talk.recv(65_536)
    if not data:
        raise ConnectionError("the server closed the connection in the middle of an answer")
    return data


class MnsCycle:
    """Sends, receives and deletes, signed as the official package signs."""

    def __init__(self, ready: dict[str, str]) -> None:
        self._connection = Connection(ready["endpoint"])
        self._id, self._secret = ready["access_key_id"], ready["access_key_secret"].encode()
        self._second, self._date = 0, ""

    def ask(self, method: str, target: str, body: bytes = b"") -> bytes:
        """A signed request."""
        if (now := int(time.time())) != self._second:
            self._second, self._date = now, formatdate(now, usegmt=True)
        md5 = base64.b64encode(hashlib.md5(body).hexdigest().encode()).decode() if body else ""
        type = _XML if body else ""
        text = f"{method}\n{md5}\n{type}\n{self._date}\nx-mns-version:2015-06-06\n{target}"
        signature = base64.b64encode(hmac.digest(self._secret, text.encode(), "sha1")).decode()
        headers = {"date": self._date, "x-mns-version": "2015-06-06", "Authorization": f"MNS {self._id}:{signature}"}
        if body:
            headers |= {"content-type": type, "content-md5": md5}
        return self._connection.ask(method, target, headers, body)

    def __call__(self) -> None:
        """Sends, receives and deletes a message."""
        self.ask("POST", "/queues/bench/messages", _MESSAGE)
        found = _HANDLE.search(self.ask("GET", "/queues/bench/messages"))
        assert found is not None
        self.ask("DELETE", f"/queues/bench/messages?ReceiptHandle={found[1].decode()}")


class SqsCycle:
    """The same on moto's server, which verifies no signature."""

    def __init__(self, endpoint: str) -> None:
        self._connection = Connection(endpoint)
        self.url = f"{endpoint}/123456789012/bench"

    def ask(self, action: str, **fields: str) -> Any:
        """A call of the JSON protocol."""
        headers = {
            "X-Amz-Target": f"AmazonSQS.{action}",
            "Content-Type": "application/x-amz-json-1.0",
            "Authorization": "AWS4-HMAC-SHA256 Credential=x/20200101/us-east-1/sqs/aws4_request, Signature=x",
        }
        return json.loads(self._connection.ask("POST", "/", headers, json.dumps(fields).encode()) or b"{}")

    def __call__(self) -> None:
        self.ask("SendMessage", QueueUrl=self.url, MessageBody="hello world")
        (message,) = self.ask("ReceiveMessage", QueueUrl=self.url)["Messages"]
        self.ask("DeleteMessage", QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])


def one_connection(messages: int) -> float:
    """Messages per second through one connection."""
    return _ours(messages, 1)


def eight_connections(messages: int) -> float:
    """Messages per second through eight connections."""
    return _ours(messages, 8)


def bare_one(messages: int) -> float:
    """Messages per second if a message were its three requests, answered at once, through one connection."""
    return _bare(messages, 1)


def bare_eight(messages: int) -> float:
    """The same through eight connections."""
    return _bare(messages, 8)


def moto_one(messages: int) -> float:
    """Messages per second on moto's server through one connection."""
    return _moto(messages, 1)


def moto_eight(messages: int) -> float:
    """Messages per second on moto's server through eight connections."""
    return _moto(messages, 8)


def growth(messages: int) -> float:
    """Bytes that the server's resident memory grows by for each message that has come and gone."""
    with servers.dev() as ready:
        cycle = _queue(ready)
        for _ in range(2_000):
            cycle()
        before = _resident(ready["pid"])
        for _ in range(messages):
            cycle()
        return max(0, _resident(ready["pid"]) - before) / messages


def _ours(messages: int, connections: int) -> float:
    with servers.dev() as ready:
        _queue(ready)
        return _rate(lambda: MnsCycle(ready), messages, connections)


def _queue(ready: dict[str, str]) -> MnsCycle:
    cycle = MnsCycle(ready)
    cycle.ask("PUT", "/queues/bench", _QUEUE)
    return cycle


def _bare(messages: int, connections: int) -> float:
    with servers.constant() as endpoint:
        ready = {"endpoint": endpoint, "access_key_id": "key", "access_key_secret": "secret"}
        return _rate(lambda: MnsCycle(ready), messages, connections)


def _moto(messages: int, connections: int) -> float:
    with servers.moto_server() as endpoint:
        SqsCycle(endpoint).ask("CreateQueue", QueueName="bench")
        return _rate(lambda: SqsCycle(endpoint), messages, connections)


def _rate(connect: Callable[[], Callable[[], None]], messages: int, connections: int) -> float:
    def run(cycle: Callable[[], None]) -> None:
        for _ in range(messages // connections):
            cycle()

    cycles = [connect() for _ in range(connections)]
    for cycle in cycles:
        cycle()
    threads = [threading.Thread(target=run, args=(cycle,)) for cycle in cycles]
    begin = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return messages / (time.perf_counter() - begin)


def _resident(pid: str) -> int:
    status = Path(f"/proc/{pid}/status").read_text("utf-8")
    return int(status.partition("VmRSS:")[2].split()[0]) * 1_024


def worker(jobs: int) -> float:
    """Jobs per second of one worker with eight threads: received, worked on, reported, deleted."""
    from fnfkit.aliyun.flows import AliyunFlows
    from fnfkit.aliyun.mns_client import MnsClient
    from fnfkit.aliyun.queues import MnsQueues
    from fnfkit.aliyun.session import Key, Session
    from fnfkit.workers import Options, Worker

    with servers.dev() as ready:
        key = Key(ready["access_key_id"], ready["access_key_secret"])
        flows = AliyunFlows(Session(key, ready["region"], ready["endpoint"]))
        queues = MnsQueues(MnsClient(ready["endpoint"], key))
        queues.create_queue("fnf-demo")
        flows.create_flow("f", FLOW)
        for number in range(jobs):
            flows.start_execution("f", name=f"e{number}", input="{}")
        made = Worker(queues, flows, queue="fnf-demo", options=Options(concurrency=8, prefetch=16))
        done = threading.Event()

        def watch() -> None:
            while made.counters["succeeded"] < jobs:
                time.sleep(0.005)
            done.set()

        begin = time.perf_counter()
        threading.Thread(target=made.run, args=(lambda payload: {},), daemon=True).start()
        threading.Thread(target=watch, daemon=True).start()
        assert done.wait(600)
        rate = jobs / (time.perf_counter() - begin)
        made.stop()
        return rate


def worker_ceiling(jobs: int) -> float:
    """Jobs per second if a job were its calls alone, a report and a deletion, on eight threads of the packages."""
    from fnfkit.aliyun.flows import AliyunFlows
    from fnfkit.aliyun.mns_client import MnsClient
    from fnfkit.aliyun.queues import MnsQueues
    from fnfkit.aliyun.session import Key, Session

    with servers.constant() as endpoint:
        key = Key("key", "secret")
        flows = AliyunFlows(Session(key, "cn-hangzhou", endpoint))
        queues = MnsQueues(MnsClient(endpoint, key))

        def job() -> None:
            flows.report_task_succeeded("t" * 52, "{}")
            queues.delete_message("fnf-demo", "1-1-1")

        return _rate(lambda: job, jobs, 8)


def huey_sqlite(jobs: int) -> float:
    """Jobs per second of huey on SQLite with eight threads: no network, no signatures, no flow."""
    import tempfile

    from huey import SqliteHuey

    with tempfile.TemporaryDirectory() as folder:
        queue = SqliteHuey(filename=f"{folder}/huey.db", results=False)
        done = threading.Semaphore(0)

        @queue.task()
        def job() -> None:
            done.release()

        for _ in range(jobs):
            job()
        consumer = queue.create_consumer(workers=8, worker_type="thread", initial_delay=0.001)
        begin = time.perf_counter()
        consumer.start()
        for _ in range(jobs):
            done.acquire()
        rate = jobs / (time.perf_counter() - begin)
        consumer.stop(graceful=False)
        return rate
