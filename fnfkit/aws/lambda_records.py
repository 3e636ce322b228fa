"""What Lambda takes and answers, as the port's records. A qualifier LATEST is Lambda's $LATEST."""

from __future__ import annotations

from datetime import datetime

from fnfkit.model.json import Json, JsonObject
from fnfkit.ports import ActionNotSupported
from fnfkit.ports.functions import LATEST, AliasRecord, AsyncConfig, FunctionRecord, FunctionSettings, VersionRecord

_LATEST = "$LATEST"
_BETWEEN = "__"


def whole_name(service: str, function: str) -> str:
    """The name of a function in Lambda."""
    return f"{service}{_BETWEEN}{function}" if service else function


def qualified(qualifier: str, parameter: str = "Qualifier") -> JsonObject:
    """A qualifier as a parameter; none for the unpublished version."""
    if qualifier in ("", LATEST):
        return {} if parameter == "Qualifier" else {parameter: _LATEST}
    return {parameter: qualifier}


def configuration(settings: FunctionSettings) -> JsonObject:
    """Settings as Lambda takes them; those that are not given are left out. Raises `ActionNotSupported`."""
    if settings.initializer or settings.initialization_timeout is not None:
        raise ActionNotSupported("Lambda has no initializer: what the module does when it is loaded is one.")
    if settings.settings:
        raise ActionNotSupported(f"Lambda has no setting {', '.join(settings.settings)}: leave it out.")
    given: JsonObject = {
        "Runtime": settings.runtime,
        "Handler": settings.handler,
        "Timeout": settings.timeout,
        "MemorySize": settings.memory,
        "Description": settings.description,
        "Environment": None if settings.environment is None else {"Variables": settings.environment},
        "Role": settings.role,
        "Layers": None if settings.layers is None else list(settings.layers),
    }
    return {name: value for name, value in given.items() if value is not None}


def function_record(found: JsonObject) -> FunctionRecord:
    """A function, or one of its versions."""
    service, between, name = str(found["FunctionName"]).partition(_BETWEEN)
    modified = _ms(found.get("LastModified"))
    return FunctionRecord(
        service=service if between else "",
        name=name if between else service,
        id=found["FunctionArn"],
        description=found.get("Description") or "",
        runtime=found.get("Runtime") or "",
        handler=found.get("Handler") or "",
        timeout=int(found.get("Timeout", 3)),
        memory=int(found.get("MemorySize", 128)),
        environment=dict(found.get("Environment", {}).get("Variables", {})),
        role=found.get("Role") or "",
        layers=tuple(layer["Arn"] for layer in found.get("Layers", ())),
        size=int(found.get("CodeSize", 0)),
        checksum=found.get("CodeSha256") or "",
        created=modified,
        modified=modified,
    )


def version_record(found: JsonObject) -> VersionRecord:
    """A published version."""
    modified = _ms(found.get("LastModified"))
    return VersionRecord(
        id=found["Version"], description=found.get("Description") or "", created=modified, modified=modified
    )


def routing(weights: dict[str, float] | None) -> JsonObject:
    """The shares of an alias; an empty table takes them away."""
    return {} if weights is None else {"RoutingConfig": {"AdditionalVersionWeights": weights}}


def alias_record(found: JsonObject) -> AliasRecord:
    """An alias."""
    version = found["FunctionVersion"]
    return AliasRecord(
        name=found["Name"],
        version=LATEST if version == _LATEST else version,
        description=found.get("Description") or "",
        weights=dict((found.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}),
    )


def async_record(found: JsonObject, qualifier: str) -> AsyncConfig:
    """How asynchronous calls are treated; what was not set is Lambda's default."""
    ends: JsonObject = found.get("DestinationConfig") or {}
    modified = _ms(found.get("LastModified"))
    return AsyncConfig(
        max_age=int(found.get("MaximumEventAgeInSeconds", 21_600)),
        max_retries=int(found.get("MaximumRetryAttempts", 2)),
        on_success=(ends.get("OnSuccess") or {}).get("Destination") or "",
        on_failure=(ends.get("OnFailure") or {}).get("Destination") or "",
        qualifier=qualifier or LATEST,
        created=modified,
        modified=modified,
    )


def _ms(moment: Json) -> int:
    """Lambda tells times as text, or as the SDK's datetime."""
    if not moment:
        return 0
    found = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return round(float(found.timestamp()) * 1_000)
