"""The operations of Function Compute as the API offers them: the port `Functions`, and what servers need beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from fnfkit.cloud.fc.calls import Calls
from fnfkit.cloud.fc.catalogue import Catalogue, absent
from fnfkit.cloud.fc.checks import ANY_SERVICE
from fnfkit.cloud.fc.faults import ConfigNotFound
from fnfkit.cloud.fc.function import Function, Stub
from fnfkit.cloud.fc.queue import InvocationQueue
from fnfkit.cloud.fc.releases import Releases
from fnfkit.cloud.fc.service import FunctionService
from fnfkit.ports import Fault, InvalidArgument, Page
from fnfkit.ports.functions import (
    ALL_TASKS,
    LATEST,
    SYNC,
    UNCHANGED,
    AliasRecord,
    AsyncConfig,
    FunctionRecord,
    FunctionSettings,
    Invoked,
    InvokeOptions,
    ProvisionRecord,
    ServiceRecord,
    TaskQuery,
    TaskRecord,
    VersionRecord,
)

T = TypeVar("T")

PAGE, LARGEST_PAGE = 20, 100
"""api-fc.md 2.1."""

Drive = Callable[[Callable[[], bool]], bool]
"""Drives the account until a condition holds, e.g. `Cloud.run_until`."""


class FunctionApi:
    """Implements the port `Functions`. `drive` is what a waiting caller in the same process does meanwhile."""

    def __init__(self, functions: FunctionService, queue: InvocationQueue, *, drive: Drive) -> None:
        self.functions = functions
        self.queue = queue
        self.catalogue: Catalogue = functions.catalogue
        self.releases: Releases = functions.releases
        self.calls = Calls(functions, queue)
        self.lock = functions.lock
        self._drive = drive

    # Services

    def create_service(self, name: str, *, description: str = "", role: str = "") -> ServiceRecord:
        """A new service. Raises `ServiceAlreadyExists`, `InvalidArgument`."""
        with self.lock:
            return self.catalogue.create_service(ServiceRecord(name=name, description=description, role=role))

    def get_service(self, name: str) -> ServiceRecord:
        """Raises `ServiceNotFound`."""
        with self.lock:
            return self.catalogue.unit(name).record

    def list_services(
        self, *, prefix: str = "", limit: int | None = None, next_token: str | None = None
    ) -> Page[ServiceRecord]:
        """In order of name."""
        with self.lock:
            found = {unit.key: unit.record for unit in self.catalogue.units.values() if unit.service}
        found.pop(ANY_SERVICE, None)
        return page_of(found.items(), prefix, limit, next_token)

    def delete_service(self, name: str) -> None:
        """Raises `ServiceNotFound`, `ServiceNotEmpty`."""
        with self.lock:
            self.catalogue.delete_service(name)

    # Functions

    def create_function(self, service: str, name: str, settings: FunctionSettings, code: bytes) -> FunctionRecord:
        """A new function from a zip archive. Raises `FunctionAlreadyExists`, `ServiceNotFound`, `InvalidArgument`."""
        with self.lock:
            package = self.catalogue.packages.keep(code)
            return self.catalogue.create(service, name, settings, package).record()

    def update_function(
        self, service: str, name: str, settings: FunctionSettings = UNCHANGED, code: bytes | None = None
    ) -> FunctionRecord:
        """Changes what is given; versions stay. Raises `FunctionNotFound`, `InvalidArgument`."""
        with self.lock:
            package = self.catalogue.packages.keep(code) if code is not None else None
            return self.catalogue.update(service, name, settings, package).record()

    def get_function(self, service: str, name: str, qualifier: str = "") -> FunctionRecord:
        """Raises `FunctionNotFound`, `ServiceNotFound`, `VersionNotFound`, `AliasNotFound`."""
        found = self.functions.find(service, qualifier, name)
        if isinstance(found, Stub):
            return FunctionRecord(service=service, name=name)
        return found.record()

    def get_code(self, service: str, name: str, qualifier: str = "") -> tuple[bytes, str]:
        """The archive of a function and its checksum. Raises what `get_function` raises."""
        found = self.functions.find(service, qualifier, name)
        if isinstance(found, Stub) or not found.package:
            raise InvalidArgument(f"the code of function '{name}' is no package; it runs where it lies")
        with self.lock:
            return self.catalogue.packages.archive(found.package), found.checksum

    def list_functions(
        self, service: str, *, prefix: str = "", limit: int | None = None, next_token: str | None = None
    ) -> Page[FunctionRecord]:
        """The functions of a service, or with service "" those of FC 3 and those found under any service; in order of
        name. Raises `ServiceNotFound`."""
        with self.lock:
            if service:
                self.catalogue.unit(service)
        owners = (service,) if service else (ANY_SERVICE, "")
        found = {one.name: one for owner in owners for one in self.functions.list() if one.service == owner}
        records = {name: self._record(one) for name, one in found.items()}
        return page_of(records.items(), prefix, limit, next_token)

    def delete_function(self, service: str, name: str) -> None:
        """What waits for it becomes Invalid. Raises `FunctionNotFound`, `ServiceNotFound`."""
        self.functions.remove(service, name)

    # Versions and aliases

    def publish_version(self, service: str, function: str, description: str = "") -> VersionRecord:
        """Raises `InvalidArgument` if nothing has changed."""
        with self.lock:
            return self.releases.publish(service, function, description)

    def list_versions(self, service: str, function: str) -> Page[VersionRecord]:
        """The oldest first."""
        with self.lock:
            return Page(tuple(self.releases.versions(service, function)))

    def delete_version(self, service: str, function: str, version: str) -> None:
        """Raises `VersionNotFound`."""
        with self.lock:
            self.releases.delete_version(service, function, version)

    def create_alias(
        self, service: str, function: str, name: str, version: str, *, weights: dict[str, float] | None = None
    ) -> AliasRecord:
        """Raises `AliasAlreadyExists`, `VersionNotFound`, `InvalidArgument`."""
        with self.lock:
            alias = AliasRecord(name=name, version=version, weights=dict(weights or {}))
            return self.releases.create_alias(service, function, alias)

    def update_alias(
        self, service: str, function: str, name: str, version: str, *, weights: dict[str, float] | None = None
    ) -> AliasRecord:
        """Raises `AliasNotFound`, `VersionNotFound`, `InvalidArgument`."""
        with self.lock:
            alias = AliasRecord(name=name, version=version, weights=dict(weights or {}))
            return self.releases.update_alias(service, function, alias)

    def get_alias(self, service: str, function: str, name: str) -> AliasRecord:
        """Raises `AliasNotFound`."""
        with self.lock:
            return self.releases.alias(service, function, name)

    def list_aliases(self, service: str, function: str) -> Page[AliasRecord]:
        """In order of name."""
        with self.lock:
            return Page(tuple(alias for _, alias in sorted(self.catalogue.unit(service, function).aliases.items())))

    def delete_alias(self, service: str, function: str, name: str) -> None:
        """Raises `AliasNotFound`."""
        with self.lock:
            self.releases.delete_alias(service, function, name)

    # What hangs on a qualifier

    def put_async_config(self, service: str, function: str, config: AsyncConfig) -> AsyncConfig:
        """Raises `FunctionNotFound`, `InvalidArgument`."""
        with self.lock:
            return self.releases.put_config(service, function, config)

    def get_async_config(self, service: str, function: str, qualifier: str = "") -> AsyncConfig:
        """Raises `ConfigNotFound`, `FunctionNotFound`."""
        with self.lock:
            self.releases.configs(service, function)
            found = self.releases.config(service, function, qualifier)
        if found is None:
            raise ConfigNotFound(f"function '{function}' has no asynchronous configuration for '{qualifier or LATEST}'")
        return found

    def delete_async_config(self, service: str, function: str, qualifier: str = "") -> None:
        """Raises `ConfigNotFound`, `FunctionNotFound`."""
        with self.lock:
            self.releases.delete_config(service, function, qualifier)

    def put_provision(self, service: str, function: str, qualifier: str, target: int) -> ProvisionRecord:
        """Raises `FunctionNotFound`, `VersionNotFound`, `AliasNotFound`, `InvalidArgument`."""
        with self.lock:
            self.releases.put_provision(service, function, qualifier, target)
        return self.get_provision(service, function, qualifier)

    def get_provision(self, service: str, function: str, qualifier: str) -> ProvisionRecord:
        """How many instances are wanted, and how many are ready. Raises what `put_provision` raises."""
        with self.lock:
            unit = self.catalogue.unit(service, function)
            target = unit.provisions.get(function, {}).get(qualifier or LATEST, 0)
            if not target:  # what is wanted outlives the version it is wanted for
                self.releases.check(service, function, qualifier)
            found = self.releases.seen(unit, qualifier, function)
            if found is None and not target:
                raise absent(service, function, known=True)
        current = self.functions.runtime.reserved(found) if target and found else 0
        return ProvisionRecord(
            service=service, function=function, qualifier=qualifier or LATEST, target=target, current=current
        )

    def limit(self, service: str, function: str, most: int | None) -> None:
        """Bounds how many calls of a function run at once; None takes the bound away. Raises `FunctionNotFound`."""
        self.get_function(service, function)
        if most is not None and most < 0:
            raise InvalidArgument(f"a limit of {most} calls is below 0")
        with self.lock:
            unit = self.catalogue.unit(service, function)
            unit.maxima.pop(function, None)
            if most is not None:
                unit.maxima[function] = most
            self.catalogue.keep(unit)

    # Calls and tasks

    def invoke(self, service: str, function: str, payload: bytes = b"", options: InvokeOptions = SYNC) -> Invoked:
        """Calls a function and, if synchronously, drives the account until it has answered."""
        if options.asynchronous:
            return self.calls.submit(service, function, payload, options)
        box: list[Invoked | Fault] = []
        self.calls.begin(service, function, payload, options, box.append)
        self._drive(lambda: bool(box))
        if not box:
            raise Fault.of("InternalServerError", 500, f"function '{function}' never answered")
        if isinstance(box[0], Fault):
            raise box[0]
        return box[0]

    def get_task(self, service: str, function: str, task_id: str, qualifier: str = "") -> TaskRecord:
        """Raises `TaskNotFound`."""
        return self.queue.task(service, function, task_id, qualifier)

    def list_tasks(
        self,
        service: str,
        function: str,
        query: TaskQuery = ALL_TASKS,
        *,
        limit: int | None = None,
        next_token: str | None = None,
    ) -> Page[TaskRecord]:
        """Raises `FunctionNotFound`, `InvalidArgument`."""
        return self.queue.page(service, function, query, limit=limit, next_token=next_token)

    def stop_task(self, service: str, function: str, task_id: str, qualifier: str = "") -> None:
        """Raises `TaskNotFound`."""
        self.queue.stop(service, function, task_id, qualifier)

    def _record(self, one: Function | Stub) -> FunctionRecord:
        return one.record() if isinstance(one, Function) else FunctionRecord(service=one.service, name=one.name)


def page_of(
    items: Iterable[tuple[str, T]], prefix: str = "", limit: int | None = None, start: str | None = None
) -> Page[T]:
    """A page of a listing by name, from `start` on; the token is the name of the next one (api-fc.md 2.1)."""
    size = PAGE if limit is None else limit
    if not 1 <= size <= LARGEST_PAGE:
        raise InvalidArgument(f"limit {size} is not between 1 and {LARGEST_PAGE}")
    found = [item for item in items if item[0].startswith(prefix) and item[0] >= (start or "")]
    found.sort(key=lambda item: item[0])
    return Page(tuple(value for _, value in found[:size]), found[size][0] if len(found) > size else None)
