"""What versions are published of: a service of FC 2, or a function of FC 3 (api-fc.md 1).

Both generations live on this one record. A service holds many functions, a function of FC 3 is a unit by itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import orjson

from fnfkit.cloud.fc.checks import UNPUBLISHED
from fnfkit.cloud.fc.faults import AliasNotFound, VersionNotFound
from fnfkit.cloud.fc.function import Function
from fnfkit.model.json import JsonObject
from fnfkit.ports.functions import AliasRecord, AsyncConfig, ServiceRecord, TriggerRecord, VersionRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """What was published at one time; it never changes."""

    record: VersionRecord
    functions: dict[str, Function]


@dataclass(slots=True, kw_only=True)
class Unit:
    """A service with its functions, or a function of FC 3. The inner dictionaries are function -> qualifier -> value.

    `implicit` units came with a deployed folder and go with their last function.
    """

    key: str
    record: ServiceRecord
    implicit: bool = False
    functions: dict[str, Function] = field(default_factory=dict)
    versions: dict[str, Version] = field(default_factory=dict)
    aliases: dict[str, AliasRecord] = field(default_factory=dict)
    last_version: int = 0
    configs: dict[str, dict[str, AsyncConfig]] = field(default_factory=dict)
    triggers: dict[str, dict[str, TriggerRecord]] = field(default_factory=dict)
    provisions: dict[str, dict[str, int]] = field(default_factory=dict)
    maxima: dict[str, int] = field(default_factory=dict)

    @property
    def service(self) -> str:
        """The service's name, empty for a function of FC 3."""
        return "" if self.key.startswith("/") else self.key

    def version_of(self, qualifier: str, choose: Random) -> str:
        """The version a qualifier stands for at this call; empty for the newest code.

        Raises `VersionNotFound`, `AliasNotFound`.
        """
        if qualifier in UNPUBLISHED:
            return ""
        if not qualifier.isdigit():
            qualifier = self._choice(qualifier, choose)
        if qualifier not in self.versions:
            raise VersionNotFound(f"version '{qualifier}' does not exist in {self}")
        return qualifier

    def functions_of(self, version: str) -> dict[str, Function]:
        """The functions of a version, or the newest ones."""
        return self.versions[version].functions if version else self.functions

    def _choice(self, name: str, choose: Random) -> str:
        alias = self.aliases.get(name)
        if alias is None:
            raise AliasNotFound(f"alias '{name}' does not exist in {self}")
        # A weight is the share of the other version; what is left over is the alias's own (api-fc.md 2).
        point = choose.random() if alias.weights else 1.0
        for version, weight in alias.weights.items():
            if point < weight:
                return version
            point -= weight
        return alias.version

    def __str__(self) -> str:
        return f"service '{self.service}'" if self.service else f"function '{self.key[1:]}'"


def unit_key(service: str, function: str) -> str:
    """The key of the unit that a function belongs to; a slash starts no service's name."""
    return service or f"/{function}"


def write(unit: Unit) -> bytes:
    """A unit as a store keeps it."""
    return orjson.dumps(unit, default=str)


def read(data: bytes) -> Unit:
    """The unit that was written."""
    fields: JsonObject = orjson.loads(data)
    return Unit(
        key=fields["key"],
        record=ServiceRecord(**fields["record"]),
        implicit=fields["implicit"],
        functions=_functions(fields["functions"]),
        versions={
            id: Version(record=VersionRecord(**version["record"]), functions=_functions(version["functions"]))
            for id, version in fields["versions"].items()
        },
        aliases={name: AliasRecord(**alias) for name, alias in fields["aliases"].items()},
        last_version=fields["last_version"],
        configs={
            name: {qualifier: AsyncConfig(**config) for qualifier, config in configs.items()}
            for name, configs in fields["configs"].items()
        },
        triggers={
            name: {trigger: TriggerRecord(**record) for trigger, record in triggers.items()}
            for name, triggers in fields["triggers"].items()
        },
        provisions=fields["provisions"],
        maxima=fields["maxima"],
    )


def _functions(found: dict[str, JsonObject]) -> dict[str, Function]:
    return {name: _function(fields) for name, fields in found.items()}


def _function(fields: JsonObject) -> Function:
    paths = tuple(Path(path) for path in fields["paths"])
    return Function(**{**fields, "code": Path(fields["code"]), "layers": tuple(fields["layers"]), "paths": paths})
