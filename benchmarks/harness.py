"""One test of a flow, from nothing to nothing, as the harness's `cloud` fixture has it."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import flows
from fnfkit.testing import LocalCloud

_STEPS = 10
_SAMPLES = 5


def tests(count: int) -> float:
    """Tests per second: a fresh cloud, a flow of ten steps deployed, run and checked, all torn down."""
    definition = flows.chain(_STEPS)
    begin = time.perf_counter()
    for _ in range(count):
        with LocalCloud() as cloud:
            run = cloud.run(definition)
            assert run.status == "Succeeded"
            assert len(run.path) == _STEPS
    return count / (time.perf_counter() - begin)


def in_pytest(count: int) -> float:
    """The same through pytest and its fixture, with what pytest itself costs."""
    source = (
        f"import pytest\nFLOW = {flows.chain(_STEPS)!r}\n"
        f"@pytest.mark.parametrize('number', range({count}))\n"
        "def test_flow(cloud, number):\n    assert cloud.run(FLOW).status == 'Succeeded'\n"
    )
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "test_flow.py").write_text(source, "utf-8")
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", folder]
        begin = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True, cwd=folder)
        return count / (time.perf_counter() - begin)


def plugin_load(_: int) -> float:
    """Milliseconds the plugin adds to a pytest run that uses no fixture; the best of a few processes."""
    code = (
        "import pytest, time; began = time.perf_counter(); import fnfkit.testing.plugin; "
        "print((time.perf_counter() - began) * 1000)"
    )
    runs = [subprocess.run([sys.executable, "-c", code], check=True, capture_output=True) for _ in range(_SAMPLES)]
    return min(float(run.stdout) for run in runs)
