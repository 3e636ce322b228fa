"""Versions, aliases and what hangs on a qualifier: configurations, triggers, instances kept ready (api-fc.md 2)."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from hashlib import md5
from random import Random
from typing import TypeVar

from fnfkit.cloud.fc import checks
from fnfkit.cloud.fc.catalogue import Catalogue, absent
from fnfkit.cloud.fc.checks import UNPUBLISHED
from fnfkit.cloud.fc.faults import (
    AliasAlreadyExists,
    AliasNotFound,
    ConfigNotFound,
    TriggerAlreadyExists,
    TriggerNotFound,
    VersionNotFound,
)
from fnfkit.cloud.fc.function import Function
from fnfkit.cloud.fc.packages import pack
from fnfkit.cloud.fc.units import Unit, Version
from fnfkit.ports import InvalidArgument
from fnfkit.ports.functions import LATEST, AliasRecord, AsyncConfig, TriggerRecord, VersionRecord

T = TypeVar("T")

HTTP = "http"

_ANY = Random(0)  # noqa: S311  whichever version an alias chooses here does not matter


class Releases:
    """The operations on versions and aliases of a catalogue. Callers hold the lock."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    # Versions

    def publish(self, service: str, function: str, description: str = "") -> VersionRecord:
        """Freezes what there is. Raises `InvalidArgument` if nothing has changed since the last version
        (api-fc.md 2.1; the code is inferred)."""
        unit = self._catalogue.unit(service, function)
        id, now = str(unit.last_version + 1), self._catalogue.now()
        frozen = {name: self._frozen(found, id) for name, found in unit.functions.items()}
        last = unit.versions.get(str(unit.last_version))
        if last is not None and _contents(last.functions) == _contents(frozen):
            raise InvalidArgument(f"{unit} has not changed since version {unit.last_version}")
        record = VersionRecord(id=id, description=description, created=now, modified=now)
        unit.versions[id] = Version(record=record, functions=frozen)
        unit.last_version += 1
        self._catalogue.keep(unit)
        return record

    def _frozen(self, function: Function, version: str) -> Function:
        if function.package:
            return replace(function, version=version)
        # A folder may change under our eyes; what is published is packed as it is now.
        package = self._catalogue.packages.keep(pack(function.code))
        code = self._catalogue.packages.folder(package.digest)
        return replace(
            function,
            version=version,
            code=code,
            package=package.digest,
            size=package.size,
            checksum=package.checksum,
        )

    def versions(self, service: str, function: str) -> list[VersionRecord]:
        """The oldest first."""
        return [version.record for version in self._catalogue.unit(service, function).versions.values()]

    def delete_version(self, service: str, function: str, version: str) -> None:
        """Its number is not used again. Raises `VersionNotFound`."""
        unit = self._catalogue.unit(service, function)
        if unit.versions.pop(version, None) is None:
            raise VersionNotFound(f"version '{version}' does not exist in {unit}")
        self._catalogue.keep(unit)

    # Aliases

    def create_alias(self, service: str, function: str, alias: AliasRecord) -> AliasRecord:
        """Raises `AliasAlreadyExists`, `VersionNotFound`, `InvalidArgument`."""
        unit = self._catalogue.unit(service, function)
        checks.check_name("alias", alias.name)
        if alias.name == LATEST:
            raise InvalidArgument(f"alias name {LATEST} stands for what has not been published")
        if alias.name in unit.aliases:
            raise AliasAlreadyExists(f"alias '{alias.name}' already exists in {unit}")
        return self._put_alias(unit, replace(alias, created=self._catalogue.now()))

    def update_alias(self, service: str, function: str, alias: AliasRecord) -> AliasRecord:
        """Moves an alias; the next call follows it. Raises `AliasNotFound`, `VersionNotFound`, `InvalidArgument`."""
        unit = self._catalogue.unit(service, function)
        known = self.alias(service, function, alias.name)
        return self._put_alias(unit, replace(alias, created=known.created))

    def _put_alias(self, unit: Unit, alias: AliasRecord) -> AliasRecord:
        for version in (alias.version, *alias.weights):
            if version not in unit.versions:
                raise VersionNotFound(f"version '{version}' does not exist in {unit}")
        if len(alias.weights) > 1 or any(not 0 <= weight <= 1 for weight in alias.weights.values()):
            raise InvalidArgument("additionalVersionWeight names one version with a weight from 0 to 1")
        unit.aliases[alias.name] = replace(alias, modified=self._catalogue.now())
        self._catalogue.keep(unit)
        return unit.aliases[alias.name]

    def alias(self, service: str, function: str, name: str) -> AliasRecord:
        """Raises `AliasNotFound`."""
        unit = self._catalogue.unit(service, function)
        if name not in unit.aliases:
            raise AliasNotFound(f"alias '{name}' does not exist in {unit}")
        return unit.aliases[name]

    def delete_alias(self, service: str, function: str, name: str) -> None:
        """Raises `AliasNotFound`."""
        self.alias(service, function, name)
        unit = self._catalogue.unit(service, function)
        del unit.aliases[name]
        self._catalogue.keep(unit)

    # Asynchronous configurations

    def put_config(self, service: str, function: str, config: AsyncConfig) -> AsyncConfig:
        """Sets how asynchronous calls under a qualifier are treated. Raises `InvalidArgument`."""
        unit = self._with(service, function)
        now, qualifier = self._catalogue.now(), config.qualifier or LATEST
        known = unit.configs.setdefault(function, {}).get(qualifier)
        kept = replace(config, qualifier=qualifier, created=known.created if known else now, modified=now)
        unit.configs[function][qualifier] = checks.check_async_config(kept)
        self._catalogue.keep(unit)
        return kept

    def config(self, service: str, function: str, qualifier: str) -> AsyncConfig | None:
        """What was set, or None."""
        unit = self._catalogue.units.get(service or f"/{function}")
        return unit.configs.get(function, {}).get(qualifier or LATEST) if unit else None

    def configs(self, service: str, function: str) -> list[AsyncConfig]:
        """All of a function, in order of qualifier."""
        return [config for _, config in sorted(self._with(service, function).configs.get(function, {}).items())]

    def delete_config(self, service: str, function: str, qualifier: str) -> None:
        """Back to the defaults. Raises `ConfigNotFound`."""
        unit = self._with(service, function)
        if unit.configs.get(function, {}).pop(qualifier or LATEST, None) is None:
            raise ConfigNotFound(f"function '{function}' has no asynchronous configuration for '{qualifier or LATEST}'")
        self._catalogue.keep(unit)

    # Triggers

    def put_trigger(self, service: str, function: str, trigger: TriggerRecord, *, new: bool) -> TriggerRecord:
        """Creates or changes a trigger. Raises `TriggerAlreadyExists`, `TriggerNotFound`."""
        unit, now = self._with(service, function), self._catalogue.now()
        checks.check_name("trigger", trigger.name)
        known = unit.triggers.setdefault(function, {})
        if new and (trigger.name in known or _second_http(known, trigger)):
            raise TriggerAlreadyExists(f"function '{function}' already has a trigger like '{trigger.name}'")
        before = None if new else self.trigger(service, function, trigger.name)
        id = md5(f"{service}/{function}/{trigger.name}@{now}".encode(), usedforsecurity=False).hexdigest()
        known[trigger.name] = replace(
            trigger, id=before.id if before else id, created=before.created if before else now, modified=now
        )
        self._catalogue.keep(unit)
        return known[trigger.name]

    def trigger(self, service: str, function: str, name: str) -> TriggerRecord:
        """Raises `TriggerNotFound`."""
        found = self._with(service, function).triggers.get(function, {}).get(name)
        if found is None:
            raise TriggerNotFound(f"trigger '{name}' does not exist in function '{function}'")
        return found

    def triggers(self, service: str, function: str) -> list[TriggerRecord]:
        """In order of name."""
        return [trigger for _, trigger in sorted(self._with(service, function).triggers.get(function, {}).items())]

    def delete_trigger(self, service: str, function: str, name: str) -> None:
        """Raises `TriggerNotFound`."""
        self.trigger(service, function, name)
        unit = self._with(service, function)
        del unit.triggers[function][name]
        self._catalogue.keep(unit)

    # Instances kept ready

    def put_provision(self, service: str, function: str, qualifier: str, target: int) -> None:
        """Wants so many instances for a qualifier. Raises `VersionNotFound`, `AliasNotFound`, `InvalidArgument`."""
        unit = self._with(service, function)
        if isinstance(target, bool) or not isinstance(target, int) or not 0 <= target <= 10_000:
            raise InvalidArgument(f"target {target} is not between 0 and 10000 instances")
        if target and self._catalogue.find(service, qualifier, function) is None:
            raise absent(service, function, known=True)
        wanted = unit.provisions.setdefault(function, {})
        wanted[qualifier or LATEST] = target
        if not target:
            del wanted[qualifier or LATEST]
        self._catalogue.keep(unit)

    def check(self, service: str, function: str, qualifier: str) -> None:
        """Raises `VersionNotFound`, `AliasNotFound` for a qualifier that means nothing."""
        self._catalogue.unit(service, function).version_of(qualifier, _ANY)

    def functions(self, service: str, qualifier: str) -> list[Function]:
        """The functions of a service as a qualifier mainly sees them. Raises `VersionNotFound`, `AliasNotFound`."""
        self.check(service, "", qualifier)
        unit = self._catalogue.unit(service)
        return list(unit.functions_of(self.version(unit, qualifier)).values())

    def wanted(self) -> list[tuple[Function, int]]:
        """How many instances each function is to have ready; an alias counts for the version it names."""
        counts: Counter[tuple[str, str, str]] = Counter()
        for unit in self._catalogue.units.values():
            for name, targets in unit.provisions.items():
                for qualifier, target in targets.items():
                    counts[unit.key, name, self.version(unit, qualifier)] += target
        found = ((self._function(*place), count) for place, count in counts.items())
        return [(function, count) for function, count in found if function is not None]

    def version(self, unit: Unit, qualifier: str) -> str:
        """The version a qualifier mainly stands for."""
        alias = unit.aliases.get(qualifier)
        return alias.version if alias else ("" if qualifier in UNPUBLISHED else qualifier)

    def seen(self, unit: Unit, qualifier: str, name: str) -> Function | None:
        """The function that a qualifier mainly stands for, None if its version has gone."""
        return self._function(unit.key, name, self.version(unit, qualifier))

    def _function(self, key: str, name: str, version: str) -> Function | None:
        unit = self._catalogue.units[key]
        if version and version not in unit.versions:
            return None
        return unit.functions_of(version).get(name)

    def _with(self, service: str, function: str) -> Unit:
        unit = self._catalogue.unit(service, function)
        if function not in unit.functions:
            raise absent(service, function, known=True)
        return unit


def _contents(functions: dict[str, Function]) -> dict[str, Function]:
    """Functions without what differs between equal ones."""
    return {name: replace(function, version="", modified=0, code=function.code) for name, function in functions.items()}


def _second_http(known: dict[str, TriggerRecord], trigger: TriggerRecord) -> bool:
    # At most one HTTP trigger per function and qualifier (api-fc.md 2.1).
    same = (other for other in known.values() if (other.qualifier or LATEST) == (trigger.qualifier or LATEST))
    return trigger.type == HTTP and any(other.type == HTTP for other in same)
