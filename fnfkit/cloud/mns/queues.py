"""The queue service of the embedded account: the port `Queues`, and `poll` for whoever waits without a thread.

Messages change state when somebody looks: hiding and retention need no timers, so an idle queue costs nothing and
does not keep virtual time running. Only somebody who waits (`poll`) sets timers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from threading import RLock

from fnfkit.cloud.clock import Clock
from fnfkit.cloud.mns import checks
from fnfkit.cloud.mns.attributes import changed, fresh, settings
from fnfkit.cloud.mns.ids import Ids, message_id
from fnfkit.cloud.mns.listing import page_of
from fnfkit.cloud.mns.queue import Entry, Messages, peeked, received
from fnfkit.cloud.mns.rate import SendRate
from fnfkit.cloud.mns.shelf import Shelf
from fnfkit.cloud.mns.transit import Transit, arrive
from fnfkit.cloud.mns.waiting import Deliver, Waiters
from fnfkit.cloud.store import Store
from fnfkit.ports import (
    NO_ATTRIBUTES,
    Fault,
    InvalidArgument,
    InvalidQueueName,
    Message,
    MessageNotExist,
    Page,
    QueueAlreadyExist,
    QueueAttributes,
    QueueNameLengthError,
    QueueNotExist,
    QueueRecord,
    ReceivedMessage,
    SentMessage,
    Visibility,
)

DEFAULT_PRIORITY = 8

Drive = Callable[[Callable[[], bool]], bool]
"""Drives the account until a condition holds, e.g. `Cloud.run_until`."""


@dataclass(slots=True)
class _Queue:
    record: QueueRecord
    waiters: Waiters
    messages: Messages = field(default_factory=Messages)


class QueueService:
    """The queues of one account, kept in its store, on its clock. Implements the port `Queues`.

    `drive` is what a waiting caller in the same process does meanwhile (`Cloud.run_until`).
    """

    def __init__(
        self, clock: Clock, store: Store, lock: RLock, *, drive: Drive, ids: Ids | None = None, account: str = "0"
    ) -> None:
        self._clock, self._lock, self._drive, self._account = clock, lock, drive, account
        self._shelf = Shelf(store)
        self._ids = ids or Ids(store)
        self._queues: dict[str, _Queue] = {}
        self.rate = SendRate(clock)
        self.transit: Transit = arrive
        """How messages travel: at once and once, unless a test says otherwise."""
        self.consumed: set[tuple[str, str]] = set()
        """(queue, operation) that a consumer has made use of since this account was started, or whoever parked its
        dead letters."""

    def latest(self) -> int:
        """The last instant that the store knows of."""
        with self._lock:
            return self._shelf.latest()

    def recover(self) -> None:
        """Takes up what the store has kept."""
        with self._lock:
            now = self._clock.now()
            for record in self._shelf.queues():
                queue = self._queues[record.name] = _Queue(record, Waiters(self._lock))
                for entry in self._shelf.messages(record.name):
                    queue.messages.add(entry, now)

    # Queues

    def create_queue(self, name: str, attributes: QueueAttributes = NO_ATTRIBUTES) -> bool:
        """True if it is new, False if a queue with the same attributes was there."""
        checks.check_name(name, 120, InvalidQueueName, QueueNameLengthError)
        with self._lock:
            record = changed(fresh(name, self._clock.now()), attributes)
            if known := self._queues.get(name):
                if settings(known.record) != settings(record):
                    raise QueueAlreadyExist(f"The queue {name} exists with other attributes.")
                return False
            self._queues[name] = _Queue(record, Waiters(self._lock))
            self._keep(record)
            self.consumed.add((name, "CreateQueue"))
            return True

    def set_queue_attributes(self, name: str, attributes: QueueAttributes) -> None:
        """Changes the attributes that are given."""
        with self._lock:
            queue = self._queue(name)
            queue.record = replace(changed(queue.record, attributes), modified=self._clock.now())
            self._keep(queue.record)

    def get_queue_attributes(self, name: str) -> QueueRecord:
        """The queue with its counters, which are exact here."""
        with self._lock:
            queue = self._settled(name)
            messages = queue.messages
            return replace(
                queue.record,
                active=len(messages) - messages.hidden,
                inactive=messages.hidden - messages.delayed,
                delayed=messages.delayed,
            )

    def delete_queue(self, name: str) -> None:
        """Deletes the queue and its messages; an absent queue is no fault here (api-mns.md 9)."""
        with self._lock:
            if queue := self._queues.pop(name, None):
                self._shelf.drop_queue(name, iter(queue.messages))
                self._shelf.commit()
                self.rate.forget(f"queue {name}")
                queue.waiters.dismiss()

    def list_queues(self, *, prefix: str = "", marker: str = "", limit: int | None = None) -> Page[str]:
        """Names in order; the marker is the last name of the page before."""
        with self._lock:
            return page_of(self._queues, prefix, marker, limit)

    # Messages

    def send_message(
        self, queue: str, body: str, *, delay_seconds: int | None = None, priority: int | None = None
    ) -> SentMessage:
        """Accepts a message: when this returns it is durable."""
        with self._lock:
            found = self._settled(queue)
            self.rate.admit(f"queue {queue}")
            sent = self._add(found, Message(body, delay_seconds, priority))
            self._shelf.commit()
            self._serve(found)
            return sent

    def batch_send_message(self, queue: str, messages: Sequence[Message]) -> tuple[SentMessage | Fault, ...]:
        """Each message is sent or refused by itself."""
        checks.BATCH.check(len(messages))
        if sum(len(message.body.encode()) for message in messages) > checks.BATCH_BYTES:
            raise InvalidArgument(f"The bodies of a batch may have {checks.BATCH_BYTES} bytes together.")
        with self._lock:
            found = self._settled(queue)
            self.rate.admit(f"queue {queue}", len(messages))
            results = tuple(self._try_add(found, message) for message in messages)
            self._shelf.commit()
            self._serve(found)
            return results

    def receive_message(self, queue: str, *, wait_seconds: int | None = None) -> ReceivedMessage:
        """The next message, hidden for the queue's visibility timeout."""
        return self.batch_receive_message(queue, 1, wait_seconds=wait_seconds)[0]

    def batch_receive_message(
        self, queue: str, count: int, *, wait_seconds: int | None = None
    ) -> tuple[ReceivedMessage, ...]:
        """One to `count` messages; while there is none the account is driven, up to the wait."""
        box: list[tuple[ReceivedMessage, ...]] = []
        cancel = self.poll(queue, count, wait_seconds, box.append)
        if not box:
            self._drive(lambda: bool(box))
            cancel()
        if not box or not box[0]:
            raise MessageNotExist("Message not exist.")
        return box[0]

    def poll(
        self, queue: str, count: int, wait_seconds: int | None, deliver: Deliver, *, background: bool = False
    ) -> Callable[[], None]:
        """Receives without blocking: `deliver` is called once, with messages or, after the wait, with none.

        It may be called before this returns; it runs with the account's lock held and must only hand on. The result
        cancels. Waiting in the `background` is no reason for virtual time to pass, a hidden message is. Raises what a
        receive raises, but for `MessageNotExist`.
        """
        checks.BATCH.check(count)
        with self._lock:
            found = self._settled(queue)
            wait = checks.check_wait(found.record.polling_wait_seconds if wait_seconds is None else wait_seconds)
            if messages := self._receive(found, count):
                deliver(messages)
            elif not wait:
                deliver(())
            else:
                until = self._clock.now() + wait * 1_000
                look = partial(self._wake, queue)
                cancel = found.waiters.add(self._clock, until, count, deliver, look=look, background=background)
                self._arm(queue, found)
                return cancel
            return _nothing

    def peek_message(self, queue: str) -> ReceivedMessage:
        """The next active message, unchanged."""
        return self.batch_peek_message(queue, 1)[0]

    def batch_peek_message(self, queue: str, count: int) -> tuple[ReceivedMessage, ...]:
        """The next active messages, unchanged."""
        checks.BATCH.check(count)
        with self._lock:
            found = self._settled(queue).messages.peek(count)
            if not found:
                raise MessageNotExist("Message not exist.")
            return tuple(peeked(entry) for entry in found)

    def delete_message(self, queue: str, receipt_handle: str) -> None:
        """Deletes a received (or delayed) message."""
        with self._lock:
            found = self._settled(queue)
            self._delete(found, receipt_handle)
            self._shelf.commit()

    def batch_delete_message(self, queue: str, receipt_handles: Sequence[str]) -> dict[str, Fault]:
        """Deletes each by itself; the refused handles with their reasons."""
        checks.BATCH.check(len(receipt_handles))
        refused: dict[str, Fault] = {}
        with self._lock:
            found = self._settled(queue)
            for handle in receipt_handles:
                try:
                    self._delete(found, handle)
                except Fault as fault:
                    refused[handle] = fault
            self._shelf.commit()
        return refused

    def change_message_visibility(self, queue: str, receipt_handle: str, seconds: int) -> Visibility:
        """Counts from now; the old handle is spent (api-mns.md 5)."""
        checks.VISIBILITY.check(seconds)
        with self._lock:
            found = self._settled(queue)
            entry = found.messages.held(receipt_handle)
            found.messages.hide(entry, self._clock.now() + seconds * 1_000)
            self._shelf.put_lease(queue, entry)
            self._shelf.commit()
            self.consumed.add((queue, "ChangeMessageVisibility"))
            self._arm(queue, found)
            return Visibility(entry.handle, entry.visible)

    # Inside, with the lock held

    def _queue(self, name: str) -> _Queue:
        queue = self._queues.get(name)
        if queue is None:
            raise QueueNotExist("The queue name you provided is not exist.")
        return queue

    def _settled(self, name: str) -> _Queue:
        queue = self._queue(name)
        expired = queue.messages.settle(self._clock.now(), queue.record.message_retention_period * 1_000)
        for entry in expired:
            self._shelf.drop_message(name, entry)
        return queue

    def _keep(self, record: QueueRecord) -> None:
        self._shelf.put_queue(record)
        self._shelf.commit()

    def _add(self, queue: _Queue, message: Message) -> SentMessage:
        raw = checks.check_body(message.body, queue.record.maximum_message_size)
        delay = (
            queue.record.delay_seconds if message.delay_seconds is None else checks.DELAY.check(message.delay_seconds)
        )
        priority = DEFAULT_PRIORITY if message.priority is None else checks.PRIORITY.check(message.priority)
        now, seq = self._clock.now(), self._ids.next()
        md5 = hashlib.md5(raw, usedforsecurity=False).hexdigest().upper()
        id = message_id(self._account, seq, now)
        entry = Entry(seq, id, message.body, md5, priority, now, now + delay * 1_000, generation=1 if delay else 0)
        for copy, late in enumerate(self.transit("queue", queue.record.name)):
            arrived = entry if not copy and not late else self._late(entry, copy, entry.visible + late)
            queue.messages.add(arrived, now)
            self._shelf.put_message(queue.record.name, arrived)
        self.consumed.add((queue.record.name, "SendMessage"))
        return SentMessage(id, md5, entry.handle if delay else "")

    def _late(self, entry: Entry, copy: int, visible: int) -> Entry:
        seq = self._ids.next() if copy else entry.seq
        return replace(entry, seq=seq, visible=visible, generation=int(visible > entry.enqueued))

    def _try_add(self, queue: _Queue, message: Message) -> SentMessage | Fault:
        try:
            return self._add(queue, message)
        except Fault as fault:
            return fault

    def _delete(self, queue: _Queue, handle: str) -> None:
        entry = queue.messages.held(handle)
        queue.messages.remove(entry)
        self._shelf.drop_message(queue.record.name, entry)
        self.consumed.add((queue.record.name, "DeleteMessage"))

    def _receive(self, queue: _Queue, count: int) -> tuple[ReceivedMessage, ...]:
        now = self._clock.now()
        found = queue.messages.receive(count, now, now + queue.record.visibility_timeout * 1_000)
        if not found:
            return ()
        for entry in found:
            self._shelf.put_lease(queue.record.name, entry)
        self._shelf.commit()
        self.consumed.add((queue.record.name, "ReceiveMessage"))
        return tuple(received(entry) for entry in found)

    def _serve(self, queue: _Queue) -> None:
        """Gives what is active to those who wait, in the order they came."""
        while queue.waiters:
            waiter = queue.waiters.first()
            messages = self._receive(queue, waiter.count)
            if not messages:
                break
            queue.waiters.deliver(waiter, messages)
        self._arm(queue.record.name, queue)

    def _arm(self, name: str, queue: _Queue) -> None:
        """Wakes up for the next hidden message, as long as somebody waits."""
        due = queue.messages.next_visible() if queue.waiters else None
        queue.waiters.wake_at(self._clock, due, lambda: self._wake(name))

    def _wake(self, name: str) -> None:
        with self._lock:
            if name in self._queues:
                self._serve(self._settled(name))


def _nothing() -> None:
    """Cancels nothing: the answer has been delivered."""
