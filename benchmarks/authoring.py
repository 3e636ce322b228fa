"""Flows as texts and as Python: compiled, written, read back and checked."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

from fnfkit.dsl.compile import compile_flow
from fnfkit.lang.fdl import read, write
from fnfkit.lint import check_text
from fnfkit.model.flow import Step, bodies
from fnfkit.model.json import Json

HEAD = """\
from dataclasses import dataclass
from fnfkit import App, elsewhere, wait

app = App("bench", service="bench")

@dataclass
class Status:
    job_status: str
    tries: int

@app.function
def ask(job_id: str, tries: int) -> Status:
    elsewhere()

@app.flow
def flow(job_id: str) -> Status:
"""
ROUND = """\
    status{0} = ask(job_id=job_id, tries={0})
    if status{0}.job_status != "success":
        wait(seconds=10)
"""
STEPS_OF_A_ROUND = 3


def source(steps: int) -> str:
    """A Python flow of about so many steps: calls, choices on what they gave, waits."""
    rounds = max(1, steps // STEPS_OF_A_ROUND)
    return HEAD + "".join(ROUND.format(number) for number in range(rounds)) + f"    return status{rounds - 1}\n"


@contextmanager
def loaded(steps: int) -> Iterator[Json]:
    """The function of such a flow, in a file of its own."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "flow_bench.py"
        path.write_text(source(steps), "utf-8")
        spec = spec_from_file_location(path.stem, path)
        assert spec is not None and spec.loader is not None
        module = module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
        yield module.flow.body


def count(steps: tuple[Step, ...]) -> int:
    """Steps of a sequence, nested ones included."""
    return sum(1 + sum(count(body) for body in bodies(step)) for step in steps)


def compile_and_write(steps: int) -> float:
    """Steps a second from a Python function to FDL text."""
    with loaded(steps) as function:
        begin = time.perf_counter()
        flow = compile_flow(function).flow
        write(flow)
        return count(flow.steps) / (time.perf_counter() - begin)


def _text(steps: int) -> tuple[str, int]:
    with loaded(steps) as function:
        flow = compile_flow(function).flow
    return write(flow).text, count(flow.steps)


def read_back(steps: int) -> float:
    """Steps a second from FDL text to the model, with a mark for every line."""
    text, steps_of_it = _text(steps)
    begin = time.perf_counter()
    reading = read(text)
    took = time.perf_counter() - begin
    assert not reading.errors
    return steps_of_it / took


def check(steps: int) -> float:
    """Milliseconds of reading and checking a definition."""
    text, _ = _text(steps)
    begin = time.perf_counter()
    _, findings = check_text(text)
    took = time.perf_counter() - begin
    assert not findings, findings[:3]
    return took * 1000


def plain_yaml(steps: int) -> float:
    """The same text through PyYAML's C loader alone, which knows neither lines nor flows."""
    import yaml

    text, steps_of_it = _text(steps)
    begin = time.perf_counter()
    yaml.load(text, yaml.CSafeLoader)
    return steps_of_it / (time.perf_counter() - begin)


def yaml_dicts(steps: int) -> float:
    """Writing the same data as dicts through PyYAML's C dumper: no compiler, no checks."""
    import yaml

    text, steps_of_it = _text(steps)
    data = yaml.load(text, yaml.CSafeLoader)
    begin = time.perf_counter()
    yaml.dump(data, Dumper=yaml.CSafeDumper)
    return steps_of_it / (time.perf_counter() - begin)
