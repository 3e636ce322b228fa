"""How a process that is all account should collect garbage."""

import gc

YOUNG, MIDDLE, OLD = 5_000, 1_000, 100
"""Thresholds of the generations. Histories are many long-lived tuples without cycles; with the interpreter's default
thresholds a third of the time of a busy account goes into walking them in vain. The young are looked at while they are
still in the processor's cache, which makes half of what is left."""


def collect_less_often() -> None:
    """Set the thresholds for this process: a choice of programs, never made by the library for its embedder."""
    gc.set_threshold(YOUNG, MIDDLE, OLD)
    gc.freeze()
