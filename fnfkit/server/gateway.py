"""One door for every service: finds the service of a request and never lets an exception out.

Once the store has failed nothing is answered any more but that: what is in memory may never have been written. The
thread that drives the cloud is told, and whoever started it decides.

Dispatch is a table tried in order (api-signing.md 0): the control endpoints, then the services that recognise a
request by its Authorization header or path (message queues, functions, stacks), then the RPC-style products, which
recognise by Action and Version and take everything else.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial
from threading import RLock
from typing import Protocol, TypeVar

from fnfkit.cloud.clock import DrivenClock
from fnfkit.cloud.ram import Ram
from fnfkit.cloud.store import StoreError
from fnfkit.ports import Objects, RosStacks
from fnfkit.protocol.http import Request, Response
from fnfkit.protocol.rpc import error
from fnfkit.server import fnf, ram_api, ros, sts
from fnfkit.server.acs3 import acs3_service
from fnfkit.server.auth import Verifier
from fnfkit.server.control import Control
from fnfkit.server.fc_auth import FcVerifier
from fnfkit.server.later import Later
from fnfkit.server.oss import oss_service
from fnfkit.server.permits import permits
from fnfkit.server.rpc import Rpc
from fnfkit.server.service import Answer, Service, new_request_id

T = TypeVar("T")

_log = logging.getLogger("fnfkit.server")


class Loop(Protocol):
    """Whoever makes a virtual clock jump; it is told that clients are at work, and when to look around. A thread that
    serves HTTP may borrow it."""

    def touch(self) -> None: ...

    def wake(self) -> None: ...

    def fail(self, failure: StoreError) -> None: ...

    def borrowed(self, soon: Callable[[Callable[[], None]], object]) -> AbstractContextManager[None]: ...


class Served(Protocol):
    """What of a cloud the gateway needs."""

    @property
    def clock(self) -> DrivenClock: ...

    @property
    def ram(self) -> Ram: ...

    @property
    def loop(self) -> Loop: ...

    @property
    def flows(self) -> fnf.ServedFlows: ...

    @property
    def stacks(self) -> RosStacks: ...

    @property
    def objects(self) -> Objects: ...

    @property
    def lock(self) -> RLock: ...


class Gateway:
    """HTTP in front of a cloud, independent of any HTTP library. `services` are the rows between control and RPC."""

    def __init__(self, cloud: Served, services: Sequence[Service] = (), *, verifier: Verifier | None = None) -> None:
        products = (
            replace(fnf.product(cloud.flows, cloud.clock), permit=permits(cloud.ram, "fnf", "AccessDenied")),
            sts.product(cloud.ram),
            replace(ram_api.product(cloud.ram.roles, cloud.lock), permit=permits(cloud.ram, "ram", "NoPermission")),
            replace(ros.product(cloud.stacks), permit=permits(cloud.ram, "ros", "NoPermission")),
        )
        rpc = Rpc(verifier or Verifier(cloud.ram), products)
        self._loop = cloud.loop
        self._broken: StoreError | None = None
        self._services = (
            Control(cloud.clock, cloud.ram).service(),
            *services,
            *_rows(cloud, rpc),
            rpc.service(),
        )

    def service(self, head: Request) -> Service:
        """The service of a request; its body is not looked at."""
        for service in self._services:
            if service.matches(head):
                return service
        raise LookupError("the last service takes every request")

    def handle(self, request: Request, service: Service | None = None) -> Answer:
        """Answers a request, now or later, by its service where that is known already.

        It does not block for longer than the cloud folds one turn of work.
        """
        self._loop.touch()
        answer = self._safe(lambda: (service or self.service(request)).handle(request))
        if isinstance(answer, Later):
            return answer.becoming(partial(self._safe, answer.answer))
        return answer

    def _safe(self, produce: Callable[[], T]) -> T | Response:
        try:
            if self._broken is not None:
                raise self._broken
            return produce()
        except StoreError as failure:
            return self._give_up(failure)
        except Exception:
            return _internal_error()

    def _give_up(self, failure: StoreError) -> Response:
        if self._broken is None:
            self._broken = failure
            self._loop.fail(failure)
        message = f"An internal error has occurred: {failure}"
        return error(500, "InternalServerError", message, request_id=new_request_id(), host="")


def _rows(cloud: Served, rpc: Rpc) -> tuple[Service, ...]:
    """Services that recognise a request by its Authorization header."""
    return acs3_service(rpc, FcVerifier(cloud.ram)), oss_service(cloud.objects, cloud.ram, cloud.lock)


def _internal_error() -> Response:
    request_id = new_request_id()
    _log.exception("request %s failed inside the emulator; this is a bug of fnfkit", request_id)
    message = "An internal error has occurred. Please retry."
    return error(500, "InternalServerError", message, request_id=request_id, host="")
