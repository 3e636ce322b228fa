"""What has been put into a test's cloud, remembered so that it can be put into the next one after a crash."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fnfkit.cloud.cloud import Cloud
from fnfkit.dsl.app import App
from fnfkit.dsl.function import Folder, Function
from fnfkit.testing.sources import CannotRead
from fnfkit.testing.stubs import Answers, StubAnswer, declared_result, in_project

ENTRY = "index.py"
ANY_SERVICE = "*"
"""Functions under this service are found under every service name that has no such function itself."""


@dataclass(frozen=True, slots=True)
class Stubbed:
    """A stub, where it is found, and how long a call of it takes."""

    service: str
    function: str
    answers: Answers
    latency: float


@dataclass(slots=True)
class Deployments:
    """The functions of a test: folders, functions of the project, and stubs, of which the last one given wins."""

    folders: list[tuple[str, str, Path, str]] = field(default_factory=list)
    project: list[Function[..., Any]] = field(default_factory=list)
    handles: list[Function[..., Any]] = field(default_factory=list)
    """The functions of apps, wherever their code is."""
    stubs: dict[tuple[str, str], Stubbed] = field(default_factory=dict)
    latency: float = 0.0
    """Seconds every call of a function of the project or of a stub takes, unless the stub says otherwise."""

    def put(self, cloud: Cloud) -> None:
        """Put everything into a new cloud."""
        for service, function, code, handler in self.folders:
            cloud.functions.deploy(service, function, code=code, handler=handler)
        for handle in self.project:
            self._put_project(cloud, handle)
        for stub in self.stubs.values():
            self._put_stub(cloud, stub)

    def add_folder(self, cloud: Cloud, folder: Path) -> None:
        """Deploy FUNCTION/index.py under any service, and SERVICE/FUNCTION/index.py. Raises `CannotRead`."""
        found = sorted(_functions(folder)) if folder.is_dir() else []
        if not found:
            raise CannotRead(f"{folder} holds no functions: expected FUNCTION/{ENTRY} or SERVICE/FUNCTION/{ENTRY}")
        for service, function, code in found:
            self.add_function(cloud, service, function, code, "index.handler")

    def add_app(self, cloud: Cloud, app: App, root: Path) -> None:
        """Deploy the functions, queues and topics of an app; folders are relative to `root`."""
        for handle in app.functions.values():
            self.handles.append(handle)
            if isinstance(handle.code, Folder):
                self.add_function(
                    cloud, handle.ref.service, handle.ref.function, root / handle.code.path, handle.code.handler
                )
            else:
                self.project.append(handle)
                self._put_project(cloud, handle)
        for queue in app.queues:
            cloud.queues.create_queue(queue)
        for topic in app.topics:
            cloud.topics.create_topic(topic)
        for stub in self.stubs.values():
            stub.answers.declared = stub.answers.declared or self._declared(stub.service, stub.function)
            self._put_stub(cloud, stub)

    def _declared(self, service: str, function: str) -> Any:
        """What the function of that name declares to return; None if no app, or more than one, has one."""
        named = [handle for handle in self.handles if handle.ref.function == function]
        meant = [handle for handle in named if service in (ANY_SERVICE, handle.ref.service)]
        return declared_result(meant[0]) if len({handle.ref for handle in meant}) == 1 else None

    def add_stub(
        self, cloud: Cloud, function: object, answers: tuple[StubAnswer, ...], latency: float | None
    ) -> Answers:
        """Let answers stand for a function, which is a handle, `service/function` or a bare name."""
        declared = None
        if isinstance(function, Function):
            service, name, declared = function.ref.service, function.ref.function, declared_result(function)
        else:
            service, _, name = str(function).rpartition("/")
        if latency is not None and latency < 0:
            raise ValueError(f"latency={latency}: a call takes no less than 0 seconds")
        made = Answers(name, answers, declared or self._declared(service or ANY_SERVICE, name))
        stub = Stubbed(service or ANY_SERVICE, name, made, self.latency if latency is None else latency)
        for key in [key for key in self.stubs if key[1] == name and service in ("", key[0])]:
            del self.stubs[key]
        self.stubs[stub.service, name] = stub
        self._put_stub(cloud, stub)
        return made

    def add_function(self, cloud: Cloud, service: str, function: str, code: Path, handler: str) -> None:
        """Deploy a folder of code."""
        self.folders.append((service, function, code, handler))
        cloud.functions.deploy(service, function, code=code, handler=handler)

    def _put_project(self, cloud: Cloud, handle: Function[..., Any]) -> None:
        answer = in_project(handle)
        if answer is not None:
            cloud.functions.stub(handle.ref.service, handle.ref.function, answer, latency=self.latency)

    def _put_stub(self, cloud: Cloud, stub: Stubbed) -> None:
        services = {stub.service}
        if stub.service == ANY_SERVICE:  # a bare name means the function wherever it is deployed
            services |= {known.service for known in cloud.functions.list() if known.name == stub.function}
        for service in sorted(services):
            cloud.functions.stub(service, stub.function, stub.answers, latency=stub.latency)

    def misuse(self) -> AssertionError | None:
        """The first wrong use of a stub, if there was any."""
        return next((stub.answers.misuse[0] for stub in self.stubs.values() if stub.answers.misuse), None)


def _functions(folder: Path) -> list[tuple[str, str, Path]]:
    found = []
    for child in (child for child in folder.iterdir() if child.is_dir()):
        if (child / ENTRY).is_file():
            found.append((ANY_SERVICE, child.name, child))
        else:
            found += [(child.name, code.name, code) for code in child.iterdir() if (code / ENTRY).is_file()]
    return found


def stubs_of(given: Mapping[Any, StubAnswer]) -> list[tuple[Any, tuple[StubAnswer, ...]]]:
    """The stubs of a mapping; a list of answers is a sequence."""
    return [(function, tuple(answer) if isinstance(answer, list) else (answer,)) for function, answer in given.items()]
