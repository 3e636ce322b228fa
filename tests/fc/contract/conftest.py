"""The functions under test: in this process, or over HTTP through the official clients of both generations."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from textwrap import dedent

import pytest

from fnfkit.aliyun.functions2 import Fc2Functions
from fnfkit.aliyun.functions3 import Fc3Functions
from fnfkit.aliyun.session import Key, Session
from fnfkit.cloud.clock import VirtualClock
from fnfkit.cloud.cloud import Cloud
from fnfkit.cloud.fc.processes import ProcessRuntime
from fnfkit.cloud.ram import DEFAULT_KEY_ID, DEFAULT_KEY_SECRET
from fnfkit.ports.functions import FunctionRecord, Functions, FunctionSettings
from fnfkit.server.account import serving_account
from fnfkit.server.listener import Listening

DOORS = ["in process, service", "in process, no service", "in process, subprocesses", "fc2", "fc20230330"]


def archive(**modules: str) -> bytes:
    """A zip with these modules."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        for name, source in modules.items():
            packed.writestr(f"{name}.py", dedent(source))
    return buffer.getvalue()


@dataclass
class Door:
    """One way to the account: the port, and the service functions have there."""

    functions: Functions
    service: str
    cloud: Cloud
    over_http: bool

    def create(self, source: str, name: str = "f", **settings: object) -> FunctionRecord:
        given = FunctionSettings(**settings)  # type: ignore[arg-type]
        return self.functions.create_function(self.service, name, given, archive(index=source))

    def update(self, source: str, name: str = "f") -> FunctionRecord:
        return self.functions.update_function(self.service, name, code=archive(index=source))

    def settle(self) -> None:
        """Lets everything happen that is left to do without anybody asking."""
        self.cloud.run_until_idle()


@dataclass
class Served:
    """A served account."""

    cloud: Cloud
    listening: Listening

    @property
    def session(self) -> Session:
        return Session(Key(DEFAULT_KEY_ID, DEFAULT_KEY_SECRET), endpoint=self.listening.endpoint)


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    """One served account for all tests of a module: starting a server takes longer than most of them."""
    with Cloud(clock=VirtualClock(grace=0.001)) as cloud, serving_account(cloud) as listening:
        yield Served(cloud, listening)


def clear(cloud: Cloud) -> None:
    cloud.advance(8 * 86_400)  # tasks are forgotten after seven days
    for function in cloud.functions.list():
        cloud.functions.remove(function.service, function.name)
    for unit in tuple(cloud.functions.catalogue.units.values()):
        for version in tuple(unit.versions):
            cloud.fc.delete_version(unit.service, unit.key[1:], version)
        if unit.service:
            cloud.fc.delete_service(unit.service)


@pytest.fixture(params=DOORS)
def door(request: pytest.FixtureRequest) -> Iterator[Door]:
    kind: str = request.param
    service = "" if kind in ("in process, no service", "fc20230330") else "svc"
    if kind.startswith("in process"):
        runtime = ProcessRuntime if kind.endswith("subprocesses") else None
        with Cloud(runtime=runtime) as cloud:
            yield _opened(Door(cloud.fc, service, cloud, over_http=False))
        return
    found: Served = request.getfixturevalue("served")
    clear(found.cloud)
    client = Fc2Functions(found.session) if service else Fc3Functions(found.session)
    yield _opened(Door(client, service, found.cloud, over_http=True))


def _opened(door: Door) -> Door:
    if door.service:
        door.functions.create_service(door.service)
    return door
