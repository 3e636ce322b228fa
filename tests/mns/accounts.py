"""The accounts of these tests: queues and topics on a clock that tests move."""

from __future__ import annotations

from fnfkit.cloud.clock import VirtualClock
from fnfkit.cloud.cloud import Cloud
from fnfkit.cloud.store import Store
from fnfkit.cloud.store_memory import MemoryStore

ACCOUNT = "123456789012"


class Messages(Cloud):
    """An account over a store; a second one over the same store is the account after a crash."""

    def __init__(self, store: Store | None = None, clock: VirtualClock | None = None) -> None:
        super().__init__(store=store or MemoryStore(), clock=clock or VirtualClock(grace=0.005), account_id=ACCOUNT)
        self.recover()

    def crashed(self) -> Messages:
        """The account after a kill: what was not committed is gone."""
        self.store.rollback()
        return Messages(self.store, VirtualClock(self.clock.now()))
