"""An account's messages without the rest of the account: queues and topics on a clock that tests move."""

from __future__ import annotations

from threading import RLock

from fnfkit.cloud.clock import VirtualClock
from fnfkit.cloud.loop import Loop
from fnfkit.cloud.mns.ids import Ids
from fnfkit.cloud.mns.queues import QueueService
from fnfkit.cloud.mns.topics import TopicService
from fnfkit.cloud.store import Store
from fnfkit.cloud.store_memory import MemoryStore

ACCOUNT = "123456789012"


class Messages:
    """Queues and topics over a store; a second one over the same store is the account after a crash."""

    def __init__(self, store: Store | None = None, clock: VirtualClock | None = None) -> None:
        self.store = store or MemoryStore()
        self.clock = clock or VirtualClock()
        self.loop = Loop(self.clock)
        lock, ids = RLock(), Ids(self.store)
        self.queues = QueueService(self.clock, self.store, lock, drive=self.loop.run_until, ids=ids, account=ACCOUNT)
        self.topics = TopicService(
            self.clock, self.store, lock, post=self.loop.post, queues=self.queues, ids=ids, account=ACCOUNT
        )
        self.queues.recover()
        self.topics.recover()

    def crashed(self) -> Messages:
        """The account after a kill: what was not committed is gone."""
        self.store.rollback()
        return Messages(self.store, VirtualClock(self.clock.now()))
