"""Options of the test run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

OF_TERMINALS = ("COLUMNS", "FORCE_COLOR", "NO_COLOR", "PYTEST_ADDOPTS", "PY_COLORS")


@pytest.fixture(scope="session", autouse=True)
def _any_terminal() -> Iterator[None]:
    """What programs print is the same wherever the tests run; tests that want it otherwise say so."""
    with pytest.MonkeyPatch.context() as patch:
        for name in OF_TERMINALS:
            patch.delenv(name, raising=False)
        yield


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--accept", action="store_true", help="rewrite golden files instead of comparing with them")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says of which seeds generated flows were made (tests/differential)."""
    passed = terminalreporter.getreports("passed")
    spans = [value for report in passed for name, value in report.user_properties if name == "seeds"]
    if spans:
        first, last = min(span[0] for span in spans), max(span[1] for span in spans)
        flows = sum(span[1] - span[0] + 1 for span in spans)
        told = f"{flows} generated flows agree on our engine and on moto, seeds {first} to {last} (FNFKIT_SEED={first})"
        terminalreporter.write_line(told)
