"""Peers of a single workload."""

import time


def chain(length: int) -> float:
    """Steps per second of a state machine on `transitions`, which keeps no history."""
    from transitions import Machine

    states = [f"S{number}" for number in range(length + 1)]
    machine = Machine(states=states, initial="S0", ordered_transitions=True)
    begin = time.perf_counter()
    for _ in range(length):
        machine.next_state()
    return length / (time.perf_counter() - begin)
