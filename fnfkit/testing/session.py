"""What a whole test run knows about its flows: how much time they took, which paths, and the pages of failures."""

from __future__ import annotations

import hashlib
import re
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from weakref import WeakSet

import pytest

from fnfkit.ports import EventRecord
from fnfkit.testing.cov_reports import terminal, write_html, write_json, write_lcov
from fnfkit.testing.coverage import Coverage
from fnfkit.testing.local import LocalCloud
from fnfkit.testing.run import Run
from fnfkit.testing.sources import Source
from fnfkit.testing.table import refusal, table
from fnfkit.testing.tally import Tally
from fnfkit.testing.trace import Fact, end_of

MOST_CLOUDS = 50
"""Clouds of a test that are kept for it, the latest ones."""
MOST_RUNS = 3
"""Runs of a failed test that are shown, the latest ones."""
REPORTS = ".fnfkit/reports"
_WRITERS = {"json": write_json, "html": write_html, "lcov": write_lcov}
_FILES = {"json": "fnf-coverage.json", "html": "fnf-coverage.html", "lcov": "fnf-coverage.lcov"}


@dataclass(slots=True)
class Session:
    """Sums over a test run; those of xdist's workers are merged into the one who reports."""

    tally: Tally
    reports: list[tuple[str, str]]
    """What is to be written at the end: (kind, file)."""
    fail_under: float | None
    root: Path
    began: float = field(default_factory=time.monotonic)
    short: str = ""
    """Why the coverage is too low."""
    written: list[Path] = field(default_factory=list)
    """The reports that were written."""
    unwritten: list[str] = field(default_factory=list)
    """Why others were not."""
    unmet: list[str] = field(default_factory=list)
    """The faults that met nothing, of the clouds that were closed since the current test began."""
    alive: WeakSet[LocalCloud] = field(default_factory=WeakSet)
    """The clouds that were not closed yet."""
    latest: deque[LocalCloud] = field(default_factory=lambda: deque(maxlen=MOST_CLOUDS))
    """The latest clouds that were made since the current test began, its fixtures included."""

    @classmethod
    def of(cls, config: pytest.Config) -> Session:
        """The session of a run with these options. Raises pytest.UsageError."""
        covers = config.getoption("--fnf-cov")
        reports = [_report(given) for given in config.getoption("--fnf-cov-report")]
        under = config.getoption("--fnf-cov-fail-under")
        return cls(Tally(Coverage() if covers else None), reports or [("term", "")], under, config.rootpath)

    @property
    def coverage(self) -> Coverage | None:
        """The paths that were taken, None if they are not asked for."""
        return self.tally.coverage

    def opened(self, cloud: LocalCloud) -> None:
        """Know of a cloud."""
        self.alive.add(cloud)
        self.latest.append(cloud)

    def closing(self, cloud: LocalCloud) -> None:
        """Count a cloud for the last time."""
        self.alive.discard(cloud)
        self.unmet += cloud.faults.unmet
        self.tally.count(cloud)

    def played(self, source: Source, events: Sequence[Fact]) -> None:
        """Count the paths of a flow that was played without a cloud."""
        if self.coverage is not None:
            self.coverage.add(source, events)

    def test_begins(self) -> None:
        """What was made before belongs to other tests."""
        self.latest.clear()
        self.unmet.clear()

    def test_ended(self) -> None:
        """Count what tests have left open; it may be used on, or never be heard of again."""
        for cloud in list(self.alive):
            self.tally.count(cloud)

    def finish(self, session: pytest.Session) -> None:
        """Write the reports; one that cannot be written fails the run, and so does a coverage that is too low."""
        if self.coverage is None:
            return
        for kind, file in self.reports:
            if kind != "term":
                self._write(self.coverage, kind, self.root / file)
        if self.fail_under is not None and not session.config.getoption("collectonly"):
            self.short = self._shortage(self.fail_under)
        if (self.short or self.unwritten) and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def _write(self, coverage: Coverage, kind: str, path: Path) -> None:
        try:
            _WRITERS[kind](coverage, path)
        except OSError as problem:
            why = problem.strerror or str(problem)
            self.unwritten.append(
                f"the coverage cannot be written to {path}: {why}; name another file, --fnf-cov-report={kind}:FILE"
            )
        else:
            self.written.append(path)

    def _shortage(self, wanted: float) -> str:
        if self.coverage is None or (not self.coverage.total and wanted > 0):
            return f"no flow was executed, and {wanted:g}% of flow coverage was asked for"
        if (found := self.coverage.percent) >= wanted:
            return ""
        return f"flow coverage {int(found * 100) / 100:.2f}% is below the {wanted:g}% asked for"

    def summarise(self, terminalreporter: Any) -> None:
        """Print the sums."""
        write = terminalreporter.write_line
        if self.coverage is not None:
            terminalreporter.write_sep("-", "flow coverage")
            for line in terminal(self.coverage):
                write(line)
            for path in self.written:
                write(f"written: {path}")
        for problem in (*self.unwritten, *([self.short] if self.short else [])):
            write(problem, red=True)
        if self.tally.clouds:
            wall, tally = time.monotonic() - self.began, self.tally
            write(
                f"flows: {tally.runs} runs on {tally.clouds} clouds, {_span(tally.virtual)} of virtual time in "
                f"{wall:.2f} s of wall time"
            )


def _report(given: str) -> tuple[str, str]:
    kind, _, file = given.partition(":")
    if kind not in ("term", *_WRITERS):
        raise pytest.UsageError(
            f"--fnf-cov-report={given}: expected term, json, html or lcov, and a file after a colon"
        )
    return kind, file or _FILES.get(kind, "")


def _span(seconds: float) -> str:
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(int(minutes), 60)
    parts = [f"{hours} h"] * (hours > 0) + [f"{minutes} min"] * (minutes > 0) + [f"{rest:g} s"]
    return " ".join(parts)


def sections(item: pytest.Item, clouds: Iterable[LocalCloud]) -> Iterator[tuple[str, str]]:
    """What a failed test shows: the history of its latest runs, and where the pages about them are."""
    folder = Path(item.config.getoption("--fnf-report") or item.config.rootpath / REPORTS).absolute()
    readable = [cloud for cloud in clouds if cloud.readable]
    pairs = [(cloud, run) for cloud in readable for run in cloud.runs or cloud.executions()]
    for cloud, run in pairs[-MOST_RUNS:]:
        try:
            yield _section(cloud, run, folder / _file(item.nodeid, run))
        except Exception as problem:  # e.g. the real account does not answer: that is no reason to end the test run
            yield f"flow {run.flow}, {run.name}", f"cannot be shown: {type(problem).__name__}: {problem}"
    ignore = folder / ".gitignore"
    if folder.is_dir() and not ignore.exists():
        with suppress(OSError):
            ignore.write_text("*\n", "utf-8")


def _section(cloud: LocalCloud, run: Run, file: Path) -> tuple[str, str]:
    record, events = cloud.evidence(run.flow, run.name)
    page = _written(run, file)
    return f"flow {run.flow}, {run.name}: {record.status}", f"{_failure(events)}{table(events)}\n\nreport: {page}"


def _written(run: Run, file: Path) -> str:
    try:
        return str(run.report(file))
    except OSError as problem:
        return f"cannot be written to {file}: {problem.strerror or problem}; name another folder, --fnf-report=DIR"


def _failure(events: Sequence[EventRecord]) -> str:
    end = end_of(events)
    return f"error {refusal(end)}\n" if end.get("error") else ""


def _file(nodeid: str, run: Run) -> str:
    """A name that no other run of a test has, that says which it is, and that every file system takes."""
    path, _, test = nodeid.partition("::")
    parts = (Path(path).name, test, run.flow, run.name)
    readable = "-".join(re.sub(r"[^\w.-]+", "-", part).strip("-")[:40] for part in parts)
    digest = hashlib.sha256("\n".join((nodeid, run.flow, run.name)).encode()).hexdigest()
    return f"{readable}-{digest[:8]}.html"
