"""What the flows of the demonstration meet outside: a worker process at a queue, and a subscriber of a topic."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

from fnfkit.cli import assets, wiring
from fnfkit.cli.refusal import BUG, Refusal
from fnfkit.ports.flows import EventRecord
from fnfkit.ports.topics import NotifyContentFormat

if TYPE_CHECKING:
    from fnfkit.cloud.cloud import Cloud
    from fnfkit.cloud.mns.delivery import Push
    from fnfkit.workers.callback import WsgiApp

NAME = "fnf-demo"
_SUBSCRIBER = "http://subscriber.invalid/"
_SECONDS = 60


def make_queue(cloud: Cloud) -> None:
    """The queue that the flow sends to."""
    cloud.queues.create_queue(NAME)


def work(cloud: Cloud, submitted: EventRecord) -> None:
    """Serves the account, and has the documented worker, a process of its own, do the tasks until the flow ends."""
    (flow,) = cloud.flows.list_flows().items
    (execution,) = cloud.flows.list_executions(flow.name).items
    ended = threading.Event()
    cloud.flows.on_end(flow.name, execution.name, ended.set)
    with wiring.served(cloud) as served:
        worker = subprocess.Popen(  # noqa: S603
            [sys.executable, "-W", "ignore", str(assets.template("queue-worker") / "worker.py")],
            env={**os.environ, **_environment(cloud, served.endpoint)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            if not ended.wait(_SECONDS):
                raise Refusal("WorkerSilent", f"the worker did not end its tasks within {_SECONDS} s", exit=BUG)
        finally:
            worker.terminate()
            worker.wait()


def subscribe(cloud: Cloud) -> None:
    """The topic that the flow publishes to, and a subscriber in this process that reports what it is pushed."""
    cloud.topics.create_topic(NAME)
    cloud.topics.subscribe(NAME, "subscriber", _SUBSCRIBER, format=NotifyContentFormat.JSON)
    handler = wiring.subscriber(cloud.flows, lambda payload: {"status": "success"})
    cloud.topics.push_with(lambda push, answered: answered(_push(handler, push)))


def _push(handler: WsgiApp, push: Push) -> int:
    body = push.notification.text(push.format).encode()
    statuses: list[str] = []
    environ = {"CONTENT_LENGTH": str(len(body)), "wsgi.input": io.BytesIO(body)}
    handler(environ, lambda status, headers: statuses.append(status))
    return int(statuses[0].split()[0])


def _environment(cloud: Cloud, endpoint: str) -> dict[str, str]:
    key = wiring.default_key(cloud)
    return {
        "REGION": cloud.region,
        "ACCOUNT_ID": cloud.account_id,
        "AK_ID": key.id,
        "AK_SECRET": key.secret,
        "MNS_ENDPOINT": endpoint,
        "FNF_ENDPOINT": endpoint,
    }
