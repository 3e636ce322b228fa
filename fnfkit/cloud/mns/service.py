"""The Message Service of one account: its queues, its topics and their attributes, over one store and one clock."""

from __future__ import annotations

from collections.abc import Callable
from threading import RLock

from fnfkit.cloud.clock import Clock
from fnfkit.cloud.mns.account import AccountAttributes
from fnfkit.cloud.mns.ids import Ids
from fnfkit.cloud.mns.queues import Drive, QueueService
from fnfkit.cloud.mns.targets import MessageTarget
from fnfkit.cloud.mns.topics import TopicService
from fnfkit.cloud.mns.transit import Transit
from fnfkit.cloud.store import Store
from fnfkit.cloud.targets import Targets
from fnfkit.model.names import QueueRef, TopicRef


class MessageService:
    """`drive` and `post` are the loop's: what a waiting caller does meanwhile, and how an action gets its turn."""

    def __init__(
        self,
        clock: Clock,
        store: Store,
        lock: RLock,
        *,
        drive: Drive,
        post: Callable[[Callable[[], None]], None],
        account: str,
    ) -> None:
        ids = Ids(store)
        self.queues = QueueService(clock, store, lock, drive=drive, ids=ids, account=account)
        self.topics = TopicService(clock, store, lock, post=post, queues=self.queues, ids=ids, account=account)
        self.account = AccountAttributes(store, lock)

    def travel(self, transit: Transit) -> None:
        """Has messages to queues and notifications of topics travel in another way."""
        self.queues.transit = transit
        self.topics.travel(transit)

    def limit_sends(self, per_second: int | None) -> None:
        """Has every queue and topic refuse messages beyond a rate; None lifts it."""
        self.queues.rate.limit(per_second)
        self.topics.rate.limit(per_second)

    def latest(self) -> int:
        """When something happened last, as far as what the store has kept tells; 0 if it tells nothing."""
        return max(self.queues.latest(), self.topics.latest())

    def recover(self) -> None:
        """Takes up what the store has kept."""
        self.queues.recover()
        self.topics.recover()

    def register(self, targets: Targets) -> None:
        """Has the tasks of flows reach the queues and topics."""
        target = MessageTarget(self.queues, self.topics)
        targets.register(QueueRef, target)
        targets.register(TopicRef, target)
