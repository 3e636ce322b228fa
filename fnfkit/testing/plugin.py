"""The pytest plugin: fixtures, markers and options. It loads nothing of fnfkit until a fixture or option is used.

| fixture | gives |
|---|---|
| cloud | a `LocalCloud` of the test's own |
| make_cloud | makes more of them, with options: `make_cloud(store=path)` |
| clock | its time: `now`, `elapsed`, `advance(seconds)` |
| run_flow | `cloud.run` |
| queue | makes a queue: `queue("jobs")` |
| worker_harness | workers on virtual time, in the thread of the test |
| history | the events of a run, or of a file with the JSON of GetExecutionHistory |
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Generator, Iterator
from importlib import import_module
from pathlib import Path
from types import FunctionType
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from fnfkit.testing.fixtures import CloudMaker, HistoryReader, QueueMaker, RunFlow, TestClock
    from fnfkit.testing.harness import WorkerHarness
    from fnfkit.testing.local import LocalCloud

_MARKERS = (
    "seed(number): the seed of everything that is left to chance in the test's cloud",
    "latency(seconds): virtual time that each call of a stub or function takes; latency(cold=, warm=): reaching one",
    "durable: the test's cloud has a file as its store, which a restart reads again",
    "throttling: the API's rate limits are on",
    "target(name): where the test's flows run: local (in process), served (over HTTP, by the official SDK), real",
    "invariants(*invariants): what --fnf-chaos holds the test's flows to, beside what holds for every flow",
)
_WORKER_OUTPUT = "fnfkit"
_SESSION = pytest.StashKey[Any]()
_WITNESS = pytest.StashKey[Any]()
_PASSED = pytest.StashKey[bool]()


def _load(module: str) -> Any:
    return import_module(f"fnfkit.testing.{module}")


def session_of(config: pytest.Config) -> Any:
    """What this test run knows about its flows, made when it is first asked for."""
    found = config.stash.get(_SESSION, None)
    if found is None:
        found = config.stash[_SESSION] = _load("session").Session.of(config)
        if (witness := config.stash.get(_WITNESS, None)) is not None:
            found.began = witness.began
    return found


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the options."""
    group = parser.getgroup("fnfkit", "flows")
    group.addoption("--fnf-cov", action="store_true", help="report which paths of flows the tests have taken")
    group.addoption(
        "--fnf-cov-report",
        action="append",
        default=[],
        metavar="KIND[:FILE]",
        help="term, json, html or lcov; several may be given",
    )
    group.addoption("--fnf-cov-fail-under", type=float, metavar="PERCENT", help="fail if fewer paths were taken")
    group.addoption(
        "--fnf-chaos", type=int, default=0, metavar="N", help="search each flow a test runs with N schedules of faults"
    )
    group.addoption("--fnf-real", action="store_true", help="let tests with the target `real` use the real account")
    group.addoption("--fnf-report", metavar="DIR", help="where pages about failed runs go (.fnfkit/reports)")


def pytest_configure(config: pytest.Config) -> None:
    """Names the markers."""
    for marker in _MARKERS:
        config.addinivalue_line("markers", marker)
    if config.getoption("--fnf-cov-report") or config.getoption("--fnf-cov-fail-under") is not None:
        config.option.fnf_cov = True
    witness = config.stash[_WITNESS] = _Witness(config)
    _load("watch").watch(witness)
    if config.option.fnf_cov:
        session_of(config)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Hears of clouds no longer."""
    if (witness := config.stash.get(_WITNESS, None)) is not None:
        witness.done()
        _load("watch").unwatch(witness)


class _Witness:
    """Tells the session of clouds; there is none before the first of them. Processes that tests start leave what they
    have counted in `folder`, which they find in their environment; the first of them makes it."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self.began = time.monotonic()
        watch = _load("watch")
        self._variable = watch.RUN
        self._outer = os.environ.get(self._variable)
        self.folder: Path = watch.folder_of_run()
        os.environ[self._variable] = str(self.folder)

    def done(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        os.environ.pop(self._variable)
        if self._outer is not None:
            os.environ[self._variable] = self._outer

    def opened(self, cloud: LocalCloud) -> None:
        session_of(self._config).opened(cloud)

    def closing(self, cloud: LocalCloud) -> None:
        session_of(self._config).closing(cloud)

    def played(self, source: Any, events: Any) -> None:
        session_of(self._config).played(source, events)


def pytest_pycollect_makeitem(collector: pytest.Module | pytest.Class, name: str, obj: object) -> None:
    """Refuses a marker that pytest has put on an invariant: it takes a single plain function for the test."""
    marks = getattr(obj, "pytestmark", ()) if isinstance(obj, FunctionType) else ()
    if any(mark.name == "invariants" for mark in marks) and not collector.funcnamefilter(name):
        raise collector.CollectError(
            f"@pytest.mark.invariants({name}) loses the test below it: write invariants([{name}])"
        )


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, Any, Any]:
    """Looks at the clouds that a test has left open."""
    if (known := item.config.stash.get(_SESSION, None)) is not None:
        known.test_begins()
    result = yield
    if (known := item.config.stash.get(_SESSION, None)) is not None:
        known.test_ended()
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """With --fnf-chaos, searches the flows of a test that has passed."""
    result = yield
    if item.config.getoption("--fnf-chaos"):
        for cloud in _clouds_of(item):
            _load("chaos").search(item, cloud)
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
    """Shows the runs of a test that has failed."""
    report = yield
    if call.when == "call":
        item.stash[_PASSED] = report.passed
    if report.failed and call.when != "teardown" and (clouds := _clouds_of(item)):
        report.sections += _load("session").sections(item, clouds)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, Any, Any]:
    """Fails a test that has passed although a fault it asked for met nothing."""
    result = yield
    known = item.config.stash.get(_SESSION, None)
    if known is not None and known.unmet and item.stash.get(_PASSED, False):
        told = "\n".join(dict.fromkeys(known.unmet))
        pytest.fail(f"{told}\n(mend the name, or give the fault optional=True)", pytrace=False)
    return result


def _clouds_of(item: pytest.Item) -> list[LocalCloud]:
    """The clouds that were made for a test, or by it."""
    known = item.config.stash.get(_SESSION, None)
    return [] if known is None else list(known.latest)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Sends what a worker of xdist knows to the one who reports; fails the run if too few paths were taken."""
    witness = session.config.stash.get(_WITNESS, None)
    if witness is not None and witness.folder.is_dir():
        _load("child").collect(witness.folder, session_of(session.config).tally)
    known = session.config.stash.get(_SESSION, None)
    if known is None:
        return
    known.test_ended()
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output[_WORKER_OUTPUT] = known.tally.dump()
    else:
        known.finish(session)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Takes what a worker of xdist has sent."""
    sent = getattr(node, "workeroutput", {}).get(_WORKER_OUTPUT)
    if sent is not None:
        session_of(node.config).tally.merge(sent)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Says how much virtual time the flows took, and what of them was covered."""
    if (known := config.stash.get(_SESSION, None)) is not None:
        known.summarise(terminalreporter)


@pytest.fixture
def cloud(request: pytest.FixtureRequest) -> Iterator[LocalCloud]:
    """A cloud of the test's own: virtual time, nothing in it. See `fnfkit.testing.LocalCloud`."""
    yield from _load("fixtures").cloud_of(request)


@pytest.fixture
def make_cloud() -> Iterator[CloudMaker]:
    """Makes clouds with whatever options `LocalCloud` takes, closed when the test is over; `make_cloud(store=path)`."""
    with _load("fixtures").CloudMaker() as maker:
        yield maker


@pytest.fixture
def clock(cloud: LocalCloud) -> TestClock:
    """The time of the test's cloud: `now`, `elapsed`, `advance(seconds)`."""
    made: TestClock = _load("fixtures").TestClock(cloud)
    return made


@pytest.fixture
def run_flow(cloud: LocalCloud) -> RunFlow:
    """Runs a flow on the test's cloud; `run_flow(flow, **inputs)`."""
    return cloud.run


@pytest.fixture
def queue(cloud: LocalCloud) -> QueueMaker:
    """Makes a queue and gives a handle to it; `queue("jobs", visibility_timeout=5)`."""
    made: QueueMaker = _load("fixtures").QueueMaker(cloud)
    return made


@pytest.fixture
def worker_harness(cloud: LocalCloud) -> Iterator[WorkerHarness]:
    """Runs workers on virtual time; `worker_harness.work("jobs", handler)`."""
    with _load("harness").WorkerHarness(cloud) as harness:
        yield harness


@pytest.fixture
def history(cloud: LocalCloud) -> HistoryReader:
    """The events of a run, or of a file; `history(run)`, `history(Path("recorded.json"))`."""
    made: HistoryReader = _load("fixtures").HistoryReader(cloud)
    return made
