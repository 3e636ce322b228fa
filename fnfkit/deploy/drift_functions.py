"""Drift of services, functions and their code, aliases and asynchronous configurations (ros.md 7)."""

from __future__ import annotations

import base64
import binascii
import io
import zipfile
from collections.abc import Iterator, Mapping

from fnfkit.deploy.known import known
from fnfkit.deploy.live import Live
from fnfkit.deploy.observed import Observed, differing, shown
from fnfkit.deploy.plan import Drift
from fnfkit.model.json import Json
from fnfkit.model.stack import Value
from fnfkit.ports import Objects
from fnfkit.ports.functions import FunctionRecord, Functions

INJECTED = frozenset({"PATH", "LD_LIBRARY_PATH", "PYTHONUSERBASE"})
"""Variables that the Serverless transform sets by itself (ros.md 6.1)."""

Files = dict[str, bytes]
"""The files of an archive by path."""


def function_drifts(observed: Observed, live: Live) -> Iterator[Drift]:
    """What of a resource of Function Compute is different. Raises `Fault`."""
    third = observed.resource.type.startswith("ALIYUN::FC3::")
    functions = live.functions if third else live.services
    service = "" if third else observed.text("ServiceName")
    if functions is None or service is None:
        return
    match observed.resource.type.rpartition("::")[2]:
        case "Service":
            yield from _service(observed, functions, service)
        case "Function":
            yield from _function(observed, functions, service, live.objects)
        case "Alias" if name := observed.text("AliasName"):
            alias = functions.get_alias(service, observed.text("FunctionName") or "", name)
            yield from differing(observed, {"VersionId": alias.version, "Description": alias.description})
        case "AsyncInvokeConfig" if name := observed.text("FunctionName"):
            yield from _async(observed, functions, service, name, observed.resource.properties)
        case _:
            return


def _service(observed: Observed, functions: Functions, name: str) -> Iterator[Drift]:
    live = functions.get_service(name)
    yield from differing(observed, {"Description": live.description, "InternetAccess": live.internet_access})
    yield from _role(observed, live.role)


def _function(observed: Observed, functions: Functions, service: str, objects: Objects | None) -> Iterator[Drift]:
    name = observed.text("FunctionName")
    if name is None:
        return
    live = functions.get_function(service, name)
    yield from _settings(observed, live)
    if not service:
        yield from _role(observed, live.role)
    wanted = _wanted(observed, live.runtime, objects)
    if wanted is not None:
        yield from _code(observed, wanted, functions.get_code(service, name)[0])
    if observed.resource.properties.get("AsyncConfiguration"):
        yield from _async(observed, functions, service, name, observed.value("AsyncConfiguration") or {})


def _settings(observed: Observed, live: FunctionRecord) -> Iterator[Drift]:
    yield from differing(
        observed,
        {
            "Handler": live.handler,
            "Runtime": live.runtime,
            "Timeout": live.timeout,
            "MemorySize": live.memory,
            "Description": live.description,
            "Initializer": live.initializer,
            "InitializationTimeout": live.initialization_timeout,
            "Layers": list(live.layers),
        },
    )
    yield from _variables(observed, live.environment)


def _variables(observed: Observed, now: Mapping[str, str]) -> Iterator[Drift]:
    """Values may be secrets, so they are not told."""
    given = observed.resource.properties.get("EnvironmentVariables")
    if not isinstance(given, dict):
        return
    for name in sorted({*given, *(now.keys() - INJECTED)}):
        if name not in now:
            yield observed.drift(f"the variable {name} is gone")
        elif name not in given:
            yield observed.drift(f"the variable {name} was added")
        elif _told(observed, given[name]) not in (None, now[name]):
            yield observed.drift(f"the variable {name} has another value")


def _role(observed: Observed, now: str) -> Iterator[Drift]:
    wanted = observed.text("Role")
    if wanted is not None and wanted.lower() != now.lower():
        yield observed.drift(f"its role is {now or 'none'}, not {wanted}")


def _async(observed: Observed, functions: Functions, service: str, name: str, given: Json) -> Iterator[Drift]:
    live = functions.get_async_config(service, name)
    pairs = (
        (("AsyncTask", "StatefulInvocation"), live.stateful),
        (("MaxAsyncEventAgeInSeconds",), live.max_age),
        (("MaxAsyncRetryAttempts",), live.max_retries),
    )
    for properties, now in pairs:
        for property in properties:
            wanted = given.get(property)
            if isinstance(wanted, str | int) and str(wanted).lower() != str(now).lower():
                yield observed.drift(f"{property} is {shown(now)}, not {shown(wanted)}")


def _wanted(observed: Observed, runtime: str, objects: Objects | None) -> Files | str | None:
    """The files that the code should have, or the text of its only file; None if that is not known."""
    code = observed.value("Code")
    if not isinstance(code, dict):
        return None
    if isinstance(text := code.get("ZipFile"), str):
        try:
            return _files(base64.b64decode(text))
        except (binascii.Error, ValueError):
            return None
    if isinstance(source := code.get("SourceCode"), str):
        return source
    bucket, key = code.get("OssBucketName"), code.get("OssObjectName")
    if objects is not None and isinstance(bucket, str) and isinstance(key, str):
        return _files(objects.get(bucket, key))
    return None


def _code(observed: Observed, wanted: Files | str | None, archive: bytes) -> Iterator[Drift]:
    live = _files(archive)
    if live is None or wanted is None:
        yield observed.drift("its code is no archive")
        return
    if isinstance(wanted, str):
        wanted = {name: wanted.encode() for name in list(live)[:1] or ["index"]}
    other = [name for name in dict.fromkeys((*wanted, *live)) if wanted.get(name) != live.get(name)]
    if other:
        more = f" and {len(other) - 3} more" if len(other) > 3 else ""
        yield observed.drift(f"its code was changed: {', '.join(other[:3])}{more}")


def _files(archive: bytes) -> Files | None:
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            return {one.filename: opened.read(one) for one in opened.infolist() if not one.is_dir()}
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError):
        return None


def _told(observed: Observed, value: Value) -> str | None:
    """A value of a variable as the service would have it; None if it is not known."""
    found = known(value, observed.resources, observed.account)
    if isinstance(found, bool):
        return str(found).lower()
    return None if found is None else str(found)
