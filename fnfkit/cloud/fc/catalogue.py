"""The services and functions of an account: what there is, what it is called, and what is kept of it.

A unit is written whole at every change, in one commit with the code it brings: a crash leaves the old one or the new.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from hashlib import md5
from pathlib import Path
from random import Random
from threading import RLock

from fnfkit.cloud.clock import Clock
from fnfkit.cloud.fc import checks, units
from fnfkit.cloud.fc.checks import ANY_SERVICE
from fnfkit.cloud.fc.faults import (
    FunctionAlreadyExists,
    FunctionNotFound,
    ServiceAlreadyExists,
    ServiceNotEmpty,
    ServiceNotFound,
)
from fnfkit.cloud.fc.function import Function
from fnfkit.cloud.fc.packages import Package, Packages
from fnfkit.cloud.fc.units import Unit, unit_key
from fnfkit.cloud.store import Store
from fnfkit.model.json import Json
from fnfkit.ports import InvalidArgument
from fnfkit.ports.functions import FunctionSettings, ServiceRecord

_TABLE = "fc.unit"


class Catalogue:
    """The units of an account. Callers hold the lock; what is returned never changes.

    `on_change` is told of every change, `on_gone` of a function that is no longer to be called.
    """

    def __init__(self, clock: Clock, store: Store, lock: RLock, *, seed: int = 0) -> None:
        self.units: dict[str, Unit] = {}
        self.packages = Packages(store)
        self.layers: dict[str, str] = {}
        """ARN of a layer's version -> its package."""
        self.on_change: Callable[[], None] = _nothing
        self.on_gone: Callable[[Function], None] = _ignore
        self.now = clock.now
        self.lock = lock
        self._store = store
        self._choose = Random(seed)  # noqa: S311  weights of aliases, repeatable on purpose

    def recover(self) -> None:
        """Takes up what the store has kept; what was deployed before this call stays."""
        self._recover_layers()
        for key, data in self._store.scan(_TABLE):
            if key not in self.units:
                self.units[key] = self._loaded(data)

    def _recover_layers(self) -> None:
        for arn, digest in self._store.scan("fc.layer"):
            self.layers[arn] = digest.decode()

    def _loaded(self, data: bytes) -> Unit:
        unit = units.read(data)
        unit.functions = self._here(unit.functions)
        for id, version in unit.versions.items():
            unit.versions[id] = replace(version, functions=self._here(version.functions))
        return unit

    def _known(self, key: str) -> Unit | None:
        """A unit, also one that the store has kept and nobody has asked for yet."""
        if key not in self.units and (data := self._store.get(_TABLE, key)) is not None:
            self._recover_layers()
            self.units[key] = self._loaded(data)
        return self.units.get(key)

    def _here(self, functions: dict[str, Function]) -> dict[str, Function]:
        """The functions with the folders of this process."""
        return {name: self._placed(function) for name, function in functions.items()}

    def _placed(self, function: Function) -> Function:
        code = self.packages.folder(function.package) if function.package else function.code
        return replace(function, code=code, paths=tuple(self._layer_path(arn) for arn in function.layers))

    def _layer_path(self, arn: str) -> Path:
        if arn not in self.layers:
            raise InvalidArgument(f"layer {arn!r} does not exist")
        return self.packages.folder(self.layers[arn]) / "python"

    # Looking up

    def unit(self, service: str, function: str = "") -> Unit:
        """The unit of that name. Raises `ServiceNotFound`, `FunctionNotFound`."""
        found = self.units.get(unit_key(service, function))
        if found is None:
            raise absent(service, function, known=False)
        return found

    def find(self, service: str, qualifier: str, function: str) -> Function | None:
        """The function that a call reaches now, None if no unit has it under that name.

        Raises `VersionNotFound`, `AliasNotFound`, and `FunctionNotFound` for a version without it.
        """
        for key in (unit_key(service, function), ANY_SERVICE):
            unit = self.units.get(key)
            if unit is not None:
                version = unit.version_of(qualifier, self._choose)
                if found := unit.functions_of(version).get(function):
                    return found
                if version:
                    raise absent(service, function, known=True)
        return None

    def all(self) -> Iterator[Function]:
        """Every function that is not a published one."""
        for unit in self.units.values():
            yield from unit.functions.values()

    # Services

    def create_service(self, record: ServiceRecord) -> ServiceRecord:
        """Raises `ServiceAlreadyExists`, `InvalidArgument`."""
        checks.check_name("service", record.name)
        if record.name in self.units:
            raise ServiceAlreadyExists(f"service '{record.name}' already exists")
        now = self.now()
        unit = Unit(key=record.name, record=replace(record, id=_id(record.name, now), created=now, modified=now))
        self.keep(unit)
        return unit.record

    def update_service(self, record: ServiceRecord) -> ServiceRecord:
        """Replaces what a service is besides its name. Raises `ServiceNotFound`."""
        unit = self.unit(record.name)
        unit.record = replace(record, id=unit.record.id, created=unit.record.created, modified=self.now())
        self.keep(unit)
        return unit.record

    def delete_service(self, name: str) -> None:
        """Raises `ServiceNotFound`, `ServiceNotEmpty`."""
        unit = self.unit(name)
        if unit.functions or unit.versions:
            what = "functions" if unit.functions else "versions"
            raise ServiceNotEmpty(f"service '{name}' still has {what}; delete them first")
        self._drop(unit)

    # Functions

    def create(self, service: str, name: str, settings: FunctionSettings, code: Package) -> Function:
        """A new function. Raises `FunctionAlreadyExists`, `ServiceNotFound`, `InvalidArgument`."""
        checks.check_names(service, name)
        unit = self.unit(service) if service else self.units.get(unit_key("", name))
        if unit is not None and name in unit.functions:
            raise FunctionAlreadyExists(f"function '{name}' already exists")
        now = self.now()
        fresh = Function(service=service, name=name, code=Path(), id=_id(name, now), created=now, modified=now)
        unit = unit or Unit(key=unit_key("", name), record=ServiceRecord(name=name, created=now, modified=now))
        return self._put(unit, self._coded(checks.applied(fresh, settings), code))

    def update(self, service: str, name: str, settings: FunctionSettings, code: Package | None) -> Function:
        """Changes a function; published versions stay what they are. Raises `FunctionNotFound`, `InvalidArgument`."""
        unit, function = self._existing(service, name)
        changed = replace(checks.applied(function, settings), modified=self.now())
        return self._put(unit, self._coded(changed, code) if code else self._placed(changed))

    def put(self, function: Function) -> Function:
        """Creates or replaces a function, and the service where there is none."""
        key, now = unit_key(function.service, function.name), self.now()
        unit = self._known(key)
        if unit is None:
            name = function.service or function.name
            unit = Unit(key=key, implicit=True, record=ServiceRecord(name=name, id=_id(name, now), created=now))
        known = unit.functions.get(function.name)
        created = known.created if known else now
        return self._put(unit, replace(function, id=_id(function.name, created), created=created, modified=now))

    def delete(self, service: str, name: str) -> None:
        """Deletes a function and what is configured for it; of a service, its versions stay. Raises
        `FunctionNotFound`."""
        unit, function = self._existing(service, name)
        del unit.functions[name]
        for table in (unit.configs, unit.triggers, unit.provisions, unit.maxima):
            table.pop(name, None)
        if not unit.service or (unit.implicit and not unit.functions and not unit.versions):
            self._drop(unit)
        else:
            self.keep(unit)
        self.on_gone(function)

    def keep(self, unit: Unit) -> None:
        """Makes a changed unit durable."""
        self.units[unit.key] = unit
        if self._store.durable:
            self._store.put(_TABLE, unit.key, units.write(unit))
        self._store.commit()
        self.on_change()

    def add_layer(self, arn: str, code: Package) -> None:
        """Keeps the version of a layer; its folder `python` is on the search path of functions that use it."""
        self.layers[arn] = code.digest
        self._store.put("fc.layer", arn, code.digest.encode())
        self._store.commit()

    def ready(self, function: Function) -> None:
        """Has the code of a function where it will be run. Raises `InvalidArgument`."""
        with self.lock:
            for digest in (function.package, *(self.layers.get(arn, "") for arn in function.layers)):
                if digest:
                    self.packages.unpacked(digest)

    def _existing(self, service: str, name: str) -> tuple[Unit, Function]:
        unit = self.unit(service, name)
        function = unit.functions.get(name)
        if function is None:
            raise absent(service, name, known=True)
        return unit, function

    def _coded(self, function: Function, code: Package) -> Function:
        return self._placed(replace(function, package=code.digest, size=code.size, checksum=code.checksum))

    def _put(self, unit: Unit, function: Function) -> Function:
        known = unit.functions.get(function.name)
        unit.functions[function.name] = function
        self.keep(unit)
        if known is not None:
            self.on_gone(known)
        return function

    def _drop(self, unit: Unit) -> None:
        del self.units[unit.key]
        self._store.delete(_TABLE, unit.key)
        self.packages.sweep(set(self._used()))
        self._store.commit()
        self.on_change()

    def _used(self) -> Iterable[str]:
        yield from self.layers.values()
        for unit in self.units.values():
            for functions in (unit.functions, *(version.functions for version in unit.versions.values())):
                yield from (function.package for function in functions.values())


def absent(service: str, function: str, *, known: bool) -> ServiceNotFound | FunctionNotFound:
    """Why there is no such function; `known` tells whether there is such a service."""
    if service and not known:
        return ServiceNotFound(f"service '{service}' does not exist")
    where = f" in service '{service}'" if service else ""
    return FunctionNotFound(f"function '{function}' does not exist{where}")


def _id(name: str, now: int) -> str:
    """An id in the form of a UUID, made of name and time so that runs can be repeated."""
    digits = md5(f"{name}@{now}".encode(), usedforsecurity=False).hexdigest()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def _nothing() -> None:
    return None


def _ignore(_: Json) -> None:
    return None
