"""One queue: a pure structure that is told the time. Every operation costs O(log n).

Rules (api-mns.md 5):
- a message is active, or hidden until a time: delayed before its first receive, inactive after one;
- of the active ones the smallest priority number goes first, and within one priority the longest known;
- a handle names a message and the generation of its hiding; any later hiding, receive or deletion spends it;
- a message goes after the retention period, whatever its state.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass

from fnfkit.cloud.mns.deadlines import Deadlines
from fnfkit.ports import MessageNotExist, ReceiptHandleError, ReceivedMessage

PRIORITIES = range(1, 17)
_HANDLE = re.compile(r"1-([0-9a-f]{1,16})-([0-9a-f]{1,8})\Z")


@dataclass(slots=True)
class Entry:
    """A message in a queue. `visible` is when its hiding ends; `generation` counts its hidings."""

    seq: int
    id: str
    body: str
    md5: str
    priority: int
    enqueued: int
    visible: int
    first_dequeued: int = 0
    dequeued: int = 0
    generation: int = 0

    @property
    def handle(self) -> str:
        """Of letters, digits and hyphens only: clients put it unescaped into a URL (api-mns.md 5)."""
        return f"1-{self.seq:x}-{self.generation:x}"


class Messages:
    """The messages of one queue."""

    __slots__ = ("_active", "_all", "_hidden", "delayed")

    def __init__(self) -> None:
        self._all: OrderedDict[int, Entry] = OrderedDict()
        self._active: dict[int, OrderedDict[int, Entry]] = {priority: OrderedDict() for priority in PRIORITIES}
        self._hidden = Deadlines()
        self.delayed = 0

    def __len__(self) -> int:
        return len(self._all)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._all.values())

    @property
    def hidden(self) -> int:
        """How many are delayed or inactive."""
        return len(self._hidden)

    def next_visible(self) -> int | None:
        """When the next hidden message becomes active."""
        return self._hidden.next()

    def add(self, entry: Entry, now: int) -> None:
        """Takes in a message, hidden if it is not visible yet."""
        self._all[entry.seq] = entry
        if entry.visible <= now:
            self._active[entry.priority][entry.seq] = entry
            return
        self._hidden.set(entry.seq, entry.visible)
        self.delayed += not entry.dequeued

    def settle(self, now: int, retention: int) -> list[Entry]:
        """Brings the queue to the present: shows what is due, drops and returns what is older than `retention` ms."""
        expired = []
        while self._all:
            oldest = next(iter(self._all.values()))
            if oldest.enqueued + retention > now:
                break
            self.remove(oldest)
            expired.append(oldest)
        for seq in self._hidden.take(now):
            entry = self._all[seq]
            self._active[entry.priority][seq] = entry
            self.delayed -= not entry.dequeued
        return expired

    def peek(self, count: int) -> list[Entry]:
        """Up to `count` active messages, in the order they would be received; nothing changes."""
        found: list[Entry] = []
        for priority in PRIORITIES:
            for entry in self._active[priority].values():
                if len(found) == count:
                    return found
                found.append(entry)
        return found

    def receive(self, count: int, now: int, visible: int) -> list[Entry]:
        """Takes up to `count` active messages and hides them until `visible`."""
        found = self.peek(count)
        for entry in found:
            del self._active[entry.priority][entry.seq]
            entry.dequeued += 1
            entry.first_dequeued = entry.first_dequeued or now
            entry.generation += 1
            entry.visible = visible
            self._hidden.set(entry.seq, visible)
        return found

    def held(self, handle: str) -> Entry:
        """The hidden message a handle is good for. Raises `ReceiptHandleError` or `MessageNotExist`."""
        match = _HANDLE.match(handle)
        if not match:
            raise ReceiptHandleError("The receipt handle you provided is not valid.")
        seq, generation = int(match[1], 16), int(match[2], 16)
        entry = self._all.get(seq)
        if entry is None or entry.generation != generation or seq not in self._hidden:
            raise MessageNotExist("Message not exist.")
        return entry

    def hide(self, entry: Entry, visible: int) -> None:
        """Hides a held message until another time, under a new handle."""
        entry.generation += 1
        entry.visible = visible
        self._hidden.set(entry.seq, visible)

    def remove(self, entry: Entry) -> None:
        """Forgets a message, whatever its state."""
        del self._all[entry.seq]
        if entry.seq in self._hidden:
            self._hidden.forget(entry.seq)
            self.delayed -= not entry.dequeued
        else:
            del self._active[entry.priority][entry.seq]


def peeked(entry: Entry) -> ReceivedMessage:
    """The message as a peek shows it."""
    return ReceivedMessage(
        id=entry.id,
        body=entry.body,
        body_md5=entry.md5,
        enqueued=entry.enqueued,
        first_dequeued=entry.first_dequeued or entry.enqueued,  # api-mns.md 5: as long as it was never received
        dequeue_count=entry.dequeued,
        priority=entry.priority,
    )


def received(entry: Entry) -> ReceivedMessage:
    """The message as a receive hands it out."""
    return ReceivedMessage(
        id=entry.id,
        body=entry.body,
        body_md5=entry.md5,
        enqueued=entry.enqueued,
        first_dequeued=entry.first_dequeued,
        dequeue_count=entry.dequeued,
        priority=entry.priority,
        receipt_handle=entry.handle,
        next_visible=entry.visible,
    )
