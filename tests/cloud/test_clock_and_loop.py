"""Virtual and real time, and the loop that drives them."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from fnfkit.cloud.clock import DrivenClock, RealClock, VirtualClock
from fnfkit.cloud.loop import Loop


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(0, grace=0.001)


@pytest.fixture
def loop(clock: VirtualClock) -> Loop:
    return Loop(clock)


@pytest.fixture
def serve() -> Iterator[object]:
    """Serves loops in threads and ends them."""
    stop, threads, loops = threading.Event(), [], []

    def start(loop: Loop) -> threading.Thread:
        thread = threading.Thread(target=loop.serve_forever, args=(stop,))
        threads.append(thread)
        loops.append(loop)
        thread.start()
        return thread

    yield start
    stop.set()
    for loop in loops:
        loop.wake()
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()


def test_timers_fire_in_due_order_and_then_in_the_order_they_were_set(clock: VirtualClock, loop: Loop) -> None:
    fired: list[str] = []
    for due, name in ((20, "c"), (10, "a"), (10, "b"), (30, "d")):
        clock.call_at(due, lambda name=name: fired.append(f"{name}@{clock.now()}"))
    loop.run_until_idle()
    assert fired == ["a@10", "b@10", "c@20", "d@30"]


def test_a_cancelled_timer_never_fires_and_cancelling_again_changes_nothing(clock: VirtualClock, loop: Loop) -> None:
    fired: list[int] = []
    timer = clock.call_at(10, lambda: fired.append(1))
    timer.cancel()
    timer.cancel()
    loop.run_until_idle()
    assert fired == [] and clock.now() == 0 and not clock.pending()


def test_cancelled_timers_are_buried_long_before_they_are_due(clock: VirtualClock) -> None:
    for _ in range(10_000):
        clock.call_at(10**12, lambda: None).cancel()
    assert len(clock._heap) < 200


def test_a_timer_that_is_due_already_fires_without_time_passing(clock: VirtualClock, loop: Loop) -> None:
    clock.jump(1000)
    fired: list[int] = []
    clock.call_at(5, lambda: fired.append(clock.now()))
    loop.run_until_idle()
    assert fired == [1000]


def test_actions_run_before_time_passes(clock: VirtualClock, loop: Loop) -> None:
    seen: list[str] = []
    clock.call_at(10, lambda: seen.append("timer"))
    loop.post(lambda: loop.post(lambda: seen.append("action")))
    loop.run_until_idle()
    assert seen == ["action", "timer"]


def test_run_until_stops_where_the_predicate_holds(clock: VirtualClock, loop: Loop) -> None:
    clock.call_at(10, lambda: None)
    clock.call_at(20, lambda: None)
    assert loop.run_until(lambda: clock.now() >= 10)
    assert clock.now() == 10
    assert not loop.run_until(lambda: clock.now() >= 30)


def test_background_timers_fire_when_time_passes_but_make_none_pass(clock: VirtualClock, loop: Loop) -> None:
    fired: list[int] = []
    clock.call_at(5, lambda: fired.append(clock.now()), background=True)
    loop.run_until_idle()
    assert (fired, clock.now()) == ([], 0)
    loop.advance(0.004)
    assert (fired, clock.now()) == ([], 4)
    loop.advance(1)
    assert (fired, clock.now()) == ([5], 1004)


def test_advance_runs_what_its_last_instant_brings_about(clock: VirtualClock, loop: Loop) -> None:
    seen: list[int] = []
    clock.call_at(1000, lambda: loop.post(lambda: seen.append(clock.now())))
    loop.advance(1)
    assert seen == [1000] and clock.now() == 1000


def test_driving_nests(clock: VirtualClock, loop: Loop) -> None:
    seen: list[str] = []

    def outer() -> None:
        loop.run_until(lambda: "inner" in seen)
        seen.append("outer")

    loop.post(outer)
    clock.call_at(10, lambda: seen.append("inner"))
    loop.run_until_idle()
    assert seen == ["inner", "outer"]


def test_time_does_not_jump_while_another_thread_holds_it(clock: VirtualClock, loop: Loop) -> None:
    order: list[str] = []
    hold = clock.hold()
    hold.__enter__()

    def work() -> None:
        loop.post(lambda: order.append(f"answer@{clock.now()}"))
        hold.__exit__(None, None, None)

    clock.call_at(10, lambda: order.append("timeout"))
    worker = threading.Thread(target=work)
    loop.post(worker.start)
    loop.run_until_idle()
    worker.join()
    assert order == ["answer@0", "timeout"]


def test_a_served_loop_runs_what_other_threads_post_and_jumps_after_its_grace(
    clock: VirtualClock, loop: Loop, serve: object
) -> None:
    serve(loop)  # type: ignore[operator]
    done = threading.Event()
    loop.post(lambda: clock.call_at(3_600_000, done.set))
    assert done.wait(10)
    assert clock.now() == 3_600_000


def test_clients_that_keep_calling_delay_virtual_time_but_do_not_stop_it(
    clock: VirtualClock, loop: Loop, serve: object
) -> None:
    done = threading.Event()
    clock.call_at(1000, done.set)
    serve(loop)  # type: ignore[operator]
    while not done.is_set():
        loop.touch()
        done.wait(0.0001)
    assert clock.now() == 1000


def test_another_thread_may_wait_for_what_a_served_loop_does(clock: VirtualClock, loop: Loop, serve: object) -> None:
    serve(loop)  # type: ignore[operator]
    seen: list[int] = []
    clock.call_at(500, lambda: seen.append(clock.now()))
    assert loop.run_until(lambda: bool(seen))
    loop.run_until_idle()


def test_a_failing_action_does_not_end_a_served_loop(
    loop: Loop, serve: object, caplog: pytest.LogCaptureFixture
) -> None:
    serve(loop)  # type: ignore[operator]
    done = threading.Event()
    loop.post(lambda: 1 // 0)  # type: ignore[arg-type, return-value]
    loop.post(done.set)
    assert done.wait(10)
    assert "ZeroDivisionError" in caplog.text


def test_only_one_thread_serves(loop: Loop, serve: object) -> None:
    ready = threading.Event()
    loop.post(ready.set)
    serve(loop)  # type: ignore[operator]
    assert ready.wait(10)
    with pytest.raises(RuntimeError, match="another thread"):
        loop.serve_forever(threading.Event())


def test_real_time_fires_timers_and_cannot_be_moved() -> None:
    clock: DrivenClock = RealClock()
    loop = Loop(clock)
    before = clock.now()
    clock.jump(before + 10**9)
    assert clock.now() < before + 10**8
    fired: list[int] = []
    clock.call_at(clock.now() + 5, lambda: fired.append(clock.now()))
    loop.run_until_idle()
    assert fired and fired[0] >= before + 5


def test_real_time_waits_for_work_in_other_threads() -> None:
    clock = RealClock()
    loop = Loop(clock)
    hold = clock.hold()
    hold.__enter__()
    seen: list[int] = []

    def work() -> None:
        loop.post(lambda: seen.append(1))
        hold.__exit__(None, None, None)

    threading.Thread(target=work).start()
    loop.run_until_idle()
    assert seen == [1]
