"""What was deployed from here: a JSON file per stage under .fnfkit/, written whole or not at all, held by one at once.

The record is a memory and not the truth: plans are made from the stack itself. It serves `rollback`, and never holds
the values of parameters that are secret (NoEcho).
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from fnfkit.deploy.error import DeployError
from fnfkit.model.json import Json
from fnfkit.ports import StackRecord

FOLDER = ".fnfkit"
VERSION = 1
MOST = 20
"""Deployments that are remembered per stack."""
STARTED, DONE, FAILED, DESTROYED = "started", "done", "failed", "destroyed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """One deployment; `at` in Unix milliseconds."""

    number: int
    at: int
    stack: str
    state: str
    stack_id: str = ""
    target: str = ""
    template: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Book:
    """The deployments of a stage, oldest first."""

    path: Path

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keeps other deployments of the stage out. Raises `DeployError` if one is under way; the lock goes with its
        process, so a crash leaves none behind."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.with_suffix(".lock").open("a+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                hint = "wait for its end, then try again"
                raise DeployError("Busy", f"another deployment of {self.path.stem} is under way", hint) from None
            yield

    def read(self) -> tuple[Deployment, ...]:
        """Every deployment. Raises `DeployError` for a file that is none of ours."""
        if not self.path.is_file():
            return ()
        try:
            raw: Json = json.loads(self.path.read_text("utf-8"))
            if raw["version"] != VERSION:
                raise ValueError(f"it has version {raw['version']}")
            return tuple(Deployment(**entry) for entry in raw["deployments"])
        except (ValueError, KeyError, TypeError) as error:
            hint = "move it away; only `rollback` needs it"
            raise DeployError("BrokenRecord", f"{self.path} cannot be read: {error}", hint) from error

    def start(self, deployment: Deployment) -> Deployment:
        """Notes a deployment that begins; returns it with its number."""
        known = self.read()
        numbered = replace(deployment, number=(known[-1].number if known else 0) + 1)
        self._write((*known, numbered))
        return numbered

    def finish(self, deployment: Deployment) -> None:
        """Notes how a deployment ended."""
        self._write(tuple(deployment if one.number == deployment.number else one for one in self.read()))

    def previous(self, stack: str, target: str) -> Deployment | None:
        """The last deployment of a stack that succeeded and differs from the one that counts now.

        After a failure that is the last one that succeeded at all.
        """
        mine = [one for one in self.read() if one.stack == stack and one.target == target]
        done = [one for one in mine if one.state == DONE]
        if not done:
            return None
        if mine[-1].state != DONE:
            return done[-1]
        now = (done[-1].template, dict(done[-1].parameters))
        return next((one for one in reversed(done) if (one.template, dict(one.parameters)) != now), None)

    def settle(self, stack: str, target: str, *, template: str, record: StackRecord) -> None:
        """Notes that the last deployment has become what it was to be, if the command that began it was killed before
        it could tell: the stack has that template now, and those parameters."""
        last = self._last(stack, target)
        if last is None or last.state != STARTED or last.template != template:
            return
        if all(record.parameters.get(name) == value for name, value in last.parameters.items()):
            self.finish(replace(last, state=DONE, stack_id=record.id))

    def stands(self, stack: str, target: str) -> bool:
        """Whether a stack was deployed, and not destroyed since, as far as is known here."""
        last = self._last(stack, target)
        return last is not None and last.state != DESTROYED

    def _last(self, stack: str, target: str) -> Deployment | None:
        mine = [one for one in self.read() if (one.stack, one.target) == (stack, target)]
        return mine[-1] if mine else None

    def _write(self, deployments: tuple[Deployment, ...]) -> None:
        """Beside the file, then in its place: a reader never sees half of it. Who writes holds the lock, so what a
        killed command has left beside the file is nobody else's."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        raw = {"version": VERSION, "deployments": [asdict(one) for one in deployments[-MOST:]]}
        text = json.dumps(raw, ensure_ascii=False, indent=1)
        beside = self.path.with_suffix(".new")
        with beside.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self.path)


def book(folder: Path, stage: str) -> Book:
    """The book of a stage of the project in a folder."""
    return Book(folder / FOLDER / f"{stage}.json")
