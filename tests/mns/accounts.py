"""An account's messages without the rest of the account: queues and topics on a clock that tests move."""

from __future__ import annotations

from collections.abc import Callable
from threading import RLock

from fnfkit.cloud.clock import VirtualClock
from fnfkit.cloud.loop import Loop
from fnfkit.cloud.mns.service import MessageService
from fnfkit.cloud.ram import Ram
from fnfkit.cloud.store import Store
from fnfkit.cloud.store_memory import MemoryStore
from fnfkit.ports import ActionNotSupported

ACCOUNT = "123456789012"


class Absent:
    """A service that the account does not have."""

    def __getattr__(self, operation: str) -> Callable[..., None]:
        def refuse(*_: object, **__: object) -> None:
            raise ActionNotSupported(f"{operation} is not served here")

        return refuse


class Messages:
    """Queues and topics over a store; a second one over the same store is the account after a crash."""

    def __init__(self, store: Store | None = None, clock: VirtualClock | None = None) -> None:
        self.store = store or MemoryStore()
        self.clock = clock or VirtualClock(grace=0.005)
        self.loop = Loop(self.clock)
        self.ram = Ram(self.clock, ACCOUNT)
        self.lock = RLock()
        self.flows = self.fc = self.stacks = self.objects = Absent()
        self.account_id, self.region = ACCOUNT, "cn-hangzhou"
        self.mns = MessageService(
            self.clock, self.store, self.lock, drive=self.loop.run_until, post=self.loop.post, account=ACCOUNT
        )
        self.queues, self.topics = self.mns.queues, self.mns.topics
        self.serve_forever = self.loop.serve_forever
        self.mns.recover()

    def crashed(self) -> Messages:
        """The account after a kill: what was not committed is gone."""
        self.store.rollback()
        return Messages(self.store, VirtualClock(self.clock.now()))
