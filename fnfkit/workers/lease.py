"""Holding a received message: its visibility is renewed at half-time, for as long as somebody has it in hand.

Renewal and deletion exclude each other, because a renewal changes the handle that a deletion needs (api-mns.md 5).
Each beat tells whoever works on the message, also when the service does not answer and when the message is lost: the
work goes on all the same, and its claim in the ledger must not end before it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from fnfkit.ports import Fault, MessageNotExist, Queues, ReceiptHandleError, ReceivedMessage
from fnfkit.workers.clock import Clock, Timer


class Lease:
    """A message in hand. `seconds` is what each renewal asks for; `remaining` is what the receive left, in ms."""

    def __init__(
        self, queues: Queues, queue: str, message: ReceivedMessage, *, clock: Clock, seconds: int, remaining: int
    ) -> None:
        self.queue = queue
        self.message = message
        self.lost = False
        """Whether the message has become visible to others in spite of everything."""
        self.on_beat: Callable[[bool], None] = _nothing
        """Called at least twice in every `seconds`, with whether the visibility has been renewed."""
        self._queues, self._clock, self._seconds = queues, clock, seconds
        self._handle = message.receipt_handle
        self._lock = threading.Lock()
        self._timer: Timer | None = None
        self._ended = False
        self._schedule(min(remaining, seconds * 1_000) // 2)

    def delete(self) -> None:
        """Deletes the message; one that others have by now is theirs. Raises other `Fault`s, still in hand."""
        with self._lock:
            try:
                self._queues.delete_message(self.queue, self._handle)
            except (MessageNotExist, ReceiptHandleError):
                self.lost = True
            self._end()

    def leave(self, seconds: int | None = None) -> None:
        """Lets the message become visible again: in so many seconds, or when its visibility ends."""
        with self._lock:
            self._end()
            if seconds is not None and not self.lost:
                try:
                    self._queues.change_message_visibility(self.queue, self._handle, seconds)
                except Fault:
                    self.lost = True

    def _end(self) -> None:
        self._ended = True
        if self._timer:
            self._timer.cancel()

    def _schedule(self, milliseconds: int) -> None:
        self._timer = self._clock.call_at(self._clock.now() + milliseconds, self._beat)

    def _beat(self) -> None:
        with self._lock:
            if self._ended:
                return
            renewed = not self.lost and self._renew()
            retry = not renewed and not self.lost
            self._schedule(self._seconds * 1_000 // (10 if retry else 2))  # time for some more attempts
        self.on_beat(renewed)

    def _renew(self) -> bool:
        try:
            changed = self._queues.change_message_visibility(self.queue, self._handle, self._seconds)
        except (MessageNotExist, ReceiptHandleError):
            self.lost = True
            return False
        except Fault:
            return False
        self._handle = changed.receipt_handle
        return True


def _nothing(_: bool) -> None:
    return None
