"""A Function Compute of its own for every test, on a virtual clock."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent

import pytest

from fnfkit.cloud.clock import VirtualClock
from fnfkit.cloud.fc.destinations import Destinations
from fnfkit.cloud.fc.function import Answer, Function
from fnfkit.cloud.fc.queue import InvocationQueue
from fnfkit.cloud.fc.service import FunctionService
from fnfkit.cloud.loop import Loop
from fnfkit.cloud.mns.ids import Ids
from fnfkit.cloud.mns.queues import QueueService
from fnfkit.cloud.mns.topics import TopicService
from fnfkit.cloud.store_memory import MemoryStore

START = 1_600_000_000_000


@dataclass
class Lab:
    """Functions written down in a test, and calls of them."""

    folder: Path
    clock: VirtualClock = field(default_factory=lambda: VirtualClock(START))

    def __post_init__(self) -> None:
        self.loop = Loop(self.clock)
        self.functions = FunctionService(self.clock)
        store = MemoryStore()
        queues = QueueService(self.clock, store, self.functions.lock, drive=self.loop.run_until)
        topics = TopicService(
            self.clock, store, self.functions.lock, post=self.loop.post, queues=queues, ids=Ids(store)
        )
        destinations = Destinations(queues, topics, region="cn-hangzhou", account_id="123456789012")
        self.queue = InvocationQueue(self.functions, store, destinations)

    def write(self, source: str, name: str = "f", **modules: str) -> Path:
        code = self.folder / name
        code.mkdir(parents=True, exist_ok=True)
        for path, text in {"index": source, **modules}.items():
            target = code / (path.replace(".", "/") + ".py")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(dedent(text), "utf-8")
        return code

    def deploy(self, source: str, name: str = "f", *, timeout: int = 60, **modules: str) -> Function:
        return self.functions.deploy("lab", name, code=self.write(source, name, **modules), timeout=timeout)

    def start(self, event: object = None, name: str = "f") -> list[Answer]:
        """Start a call; the list gets the answer."""
        answers: list[Answer] = []
        found = self.functions.find("lab", "", name)
        assert isinstance(found, Function)
        self.functions.start(found, json.dumps(event or {}).encode(), answers.append)
        return answers

    def answer(self, event: object = None, name: str = "f") -> Answer:
        answers = self.start(event, name)
        self.loop.run_until(lambda: bool(answers))
        (answer,) = answers
        return answer

    def call(self, event: object = None, name: str = "f") -> object:
        answer = self.answer(event, name)
        assert not answer.error_type, answer.body
        return json.loads(answer.body)

    def error(self, event: object = None, name: str = "f") -> dict[str, object]:
        answer = self.answer(event, name)
        assert answer.error_type == "UnhandledInvocationError"
        return json.loads(answer.body)


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    lab = Lab(tmp_path)
    yield lab
    lab.functions.close()
