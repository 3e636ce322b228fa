"""What tests of deployments share: accounts to deploy to, projects, and what commands say."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from fnfkit.cli import init
from fnfkit.cli.projects import project
from fnfkit.cloud.cloud import Cloud
from fnfkit.deploy import Executor, graph, synth
from fnfkit.lang import ros
from fnfkit.model.json import JsonObject
from fnfkit.model.stack import Template
from fnfkit.ports import StackEvent

PROJECTS = init.names()


@dataclass
class Deployer:
    """Deploys to an account in process, whose virtual time passes while it waits, and keeps the events."""

    cloud: Cloud
    events: list[StackEvent] = field(default_factory=list)

    @property
    def executor(self) -> Executor:
        return Executor(self.cloud.stacks, self.events.append, self.cloud.run_until_idle)

    def run(self, flow: str, given: JsonObject) -> JsonObject:
        """Runs an execution to its end; its status, output and error."""
        started = self.cloud.flows.start_execution(flow, input=json.dumps(given))
        self.cloud.run_until_idle()
        ended = self.cloud.flows.describe_execution(flow, started.name)
        output = json.loads(ended.output) if ended.output else None
        return {"status": ended.status, "output": output}


def synthesised(name: str, folder: Path, stack: str = "") -> Template:
    """The template of one of the documented projects, copied into a folder."""
    if not folder.exists():
        init.copy(name, folder)
    with project(str(folder)) as found:
        return synth(graph(found.app, found.folder), stack or found.app.name, cache=folder / ".fnfkit" / "vendor")


def text_of(name: str, folder: Path) -> str:
    return ros.write(synthesised(name, folder))


@dataclass
class Said:
    """What a command printed, and its exit code."""

    exit: int
    out: str
    err: str

    @property
    def data(self) -> JsonObject:
        envelope = json.loads(self.out.splitlines()[-1])
        assert envelope["ok"] is True, self.out
        data: JsonObject = envelope["data"]
        return data

    @property
    def error(self) -> JsonObject:
        envelope = json.loads(self.out.splitlines()[-1])
        assert envelope["ok"] is False
        error: JsonObject = envelope["error"]
        return error


Cli = Callable[..., Said]


def wheel(folder: Path) -> None:
    """A wheel of one module, which pip installs without a network."""
    meta = "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n"
    kind = "Wheel-Version: 1.0\nGenerator: by hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    with zipfile.ZipFile(folder / "tiny-1.0-py3-none-any.whl", "w") as made:
        made.writestr("tiny.py", "WORD = 'tiny'\n")
        made.writestr("tiny-1.0.dist-info/METADATA", meta)
        made.writestr("tiny-1.0.dist-info/WHEEL", kind)
        made.writestr("tiny-1.0.dist-info/RECORD", "")


def compiled_wheel(folder: Path, tag: str) -> None:
    """A wheel with a compiled module, which holds the wheel's tag instead of code."""
    folder.mkdir(exist_ok=True)
    with zipfile.ZipFile(folder / f"fast-1.0-{tag}.whl", "w") as made:
        made.writestr("fast.so", tag)
        made.writestr("fast-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: fast\nVersion: 1.0\n")
        kind = f"Wheel-Version: 1.0\nGenerator: by hand\nRoot-Is-Purelib: false\nTag: {tag}\n"
        made.writestr("fast-1.0.dist-info/WHEEL", kind)
        made.writestr("fast-1.0.dist-info/RECORD", "")
