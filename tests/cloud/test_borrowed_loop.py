"""A served loop lent to a thread that has work for it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from fnfkit.cloud.clock import RealClock, VirtualClock
from fnfkit.cloud.loop import Loop
from fnfkit.cloud.store import StoreError


class Served:
    """A loop that another thread serves and this one has borrowed. What it is to do waits in `errands`."""

    def __init__(self) -> None:
        self.clock = RealClock()
        self.loop = Loop(self.clock, lends=True)
        self.errands: list[Callable[[], None]] = []
        self.failure: StoreError | None = None
        self.thread = threading.Thread(target=self._serve)
        self._stop = threading.Event()
        self.thread.start()

    def _serve(self) -> None:
        try:
            self.loop.serve_forever(self._stop)
        except StoreError as failure:
            self.failure = failure

    def post_while_it_rests(self, action: Callable[[], None]) -> None:
        """Posts an action once the serving thread rests; it is the only one that waits then."""
        while not self.errands:
            self.loop.post(lambda: None)
        self.errand()
        while not self.errands:
            self.loop.post(action)

    def errand(self) -> None:
        self.errands.pop(0)()

    def stop(self) -> None:
        self._stop.set()
        self.loop.wake()
        self.thread.join(10)
        assert not self.thread.is_alive()


@pytest.fixture
def served() -> Iterator[Served]:
    made = Served()
    with made.loop.borrowed(made.errands.append):
        yield made
    made.stop()


def test_the_borrowing_thread_runs_what_it_posts(served: Served) -> None:
    threads: set[int] = set()
    served.post_while_it_rests(lambda: threads.add(threading.get_ident()))
    served.errand()
    assert threading.get_ident() in threads


def test_other_threads_wake_the_one_that_serves(served: Served) -> None:
    ran: list[int] = []
    done = threading.Event()

    def post() -> None:
        served.loop.post(lambda: ran.append(threading.get_ident()))
        served.loop.post(done.set)

    poster = threading.Thread(target=post)
    poster.start()
    assert done.wait(10)
    poster.join()
    assert ran == [served.thread.ident] and not served.errands


def test_long_work_goes_on_in_the_thread_that_serves(served: Served) -> None:
    threads: list[int] = []
    done = threading.Event()

    def work() -> None:
        threads.append(threading.get_ident())
        served.loop.post(work) if len(threads) < 100 else done.set()

    served.post_while_it_rests(work)
    served.errand()
    assert done.wait(10)
    assert {threading.get_ident(), served.thread.ident} == set(threads)


def test_a_timer_that_the_borrower_sets_is_fired_by_the_thread_that_serves(served: Served) -> None:
    fired = threading.Event()
    served.post_while_it_rests(lambda: None)
    served.clock.call_at(served.clock.now() + 20, fired.set)
    served.errand()
    assert fired.wait(10)


def test_the_borrower_may_wait_for_what_it_has_posted(served: Served) -> None:
    ran: list[bool] = []
    served.post_while_it_rests(lambda: ran.append(True))
    assert served.loop.run_until(lambda: bool(ran))


def test_driving_nests_in_an_errand(served: Served) -> None:
    inner: list[bool] = []

    def outer() -> None:
        served.loop.post(lambda: inner.append(True))
        assert served.loop.run_until(lambda: bool(inner))

    served.post_while_it_rests(outer)
    served.errand()
    assert inner


def test_a_store_that_fails_in_an_errand_ends_the_thread_that_serves(served: Served) -> None:
    def fail() -> None:
        raise StoreError("disk full")

    served.post_while_it_rests(fail)
    served.errand()
    served.thread.join(10)
    assert str(served.failure) == "disk full"


@pytest.mark.parametrize("loop", [Loop(RealClock()), Loop(VirtualClock(), lends=True)], ids=["user code", "virtual"])
def test_a_loop_that_runs_user_code_or_makes_time_jump_is_not_lent(loop: Loop) -> None:
    errands: list[Callable[[], None]] = []
    stop, ran = threading.Event(), threading.Event()
    thread = threading.Thread(target=loop.serve_forever, args=(stop,))
    thread.start()
    with loop.borrowed(errands.append):
        loop.post(ran.set)
        assert ran.wait(10)
    stop.set()
    loop.wake()
    thread.join(10)
    assert not errands


def test_what_was_left_when_the_loop_was_given_back_is_done_all_the_same(served: Served) -> None:
    ran = threading.Event()
    served.post_while_it_rests(ran.set)
    with served.loop.borrowed(served.errands.append):
        pass
    served.errand()
    assert ran.wait(10)
