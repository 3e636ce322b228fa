"""Workers for tasks that flows send to queues and topics. They know ports, not which cloud is behind them."""

from fnfkit.model.names import dead_letter_queue
from fnfkit.workers.callback import Callback, task_of, topic_handler
from fnfkit.workers.clock import Clock, SystemClock
from fnfkit.workers.counters import Counters
from fnfkit.workers.deadletters import DeadLetter, redrive
from fnfkit.workers.handler import Retry, Task
from fnfkit.workers.ledger import Ledger, LedgerError
from fnfkit.workers.logs import JsonLines
from fnfkit.workers.outcome import Later
from fnfkit.workers.worker import DRAINED, LOST, NOT_DRAINED, Options, Worker

__all__ = [
    "DRAINED",
    "LOST",
    "NOT_DRAINED",
    "Callback",
    "Clock",
    "Counters",
    "DeadLetter",
    "JsonLines",
    "Later",
    "Ledger",
    "LedgerError",
    "Options",
    "Retry",
    "SystemClock",
    "Task",
    "Worker",
    "dead_letter_queue",
    "redrive",
    "task_of",
    "topic_handler",
]
