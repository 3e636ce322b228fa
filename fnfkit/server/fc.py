"""Function Compute over HTTP: verify, find the action by method and path, answer (api-fc.md 1, 2, 7).

Versions 2016-08-15 and 2021-04-06 know services and differ only in where the qualifier is; 2023-03-30 does not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias
from urllib.parse import unquote

from fnfkit.cloud.fc.api import FunctionApi
from fnfkit.ports import EntityTooLarge, Fault
from fnfkit.protocol.fc import FC2, FC2_OPEN, FC3, REQUEST_ID
from fnfkit.protocol.http import Request, Response
from fnfkit.server.fc_actions import ResourceActions
from fnfkit.server.fc_auth import FcVerifier
from fnfkit.server.fc_call import Call, call_of, refused
from fnfkit.server.fc_calls import CallActions
from fnfkit.server.fc_configs import ConfigActions
from fnfkit.server.fc_extras import ExtraActions
from fnfkit.server.later import Later
from fnfkit.server.service import Answer, Service, new_request_id

LARGEST_BODY = 72 * 1024 * 1024
"""Bytes: the largest code package in base64, with room for the rest."""

Action: TypeAlias = Callable[[Call], Answer]
Table: TypeAlias = Mapping[tuple[str, str], Action]


@dataclass(frozen=True, slots=True)
class _Paths:
    """Where the two generations have what both can do."""

    owner: str
    function: str
    tasks: str


_ROOTS = tuple(f"/{root}" for root in (FC2, FC2_OPEN, FC3))


def fc_service(api: FunctionApi, verifier: FcVerifier) -> Service:
    """Function Compute's row in the gateway's table."""
    door = FcApi(api, verifier)
    return Service(
        name="fc",
        matches=lambda head: head.target.startswith(_ROOTS) and head.path.split("/", 2)[1] in (FC2, FC2_OPEN, FC3),
        handle=door.handle,
        too_large=lambda _: refused(EntityTooLarge(f"The body has over {LARGEST_BODY} bytes.")),
        max_body=LARGEST_BODY,
    )


class FcApi:
    """The REST API over one account's functions."""

    def __init__(self, api: FunctionApi, verifier: FcVerifier) -> None:
        self._verifier = verifier
        self._calls = CallActions(api, verifier)
        resources, configs, extras = ResourceActions(api), ConfigActions(api), ExtraActions(api)
        services = _services(resources, configs, self._calls) | _extras(extras)
        functions = _functions(resources, configs, self._calls)
        self._tables: dict[str, Table] = {FC2: services, FC2_OPEN: services, FC3: functions}

    def handle(self, request: Request) -> Answer:
        """Answers a request, now or later."""
        answer = _safe(lambda: self._answer(request))
        if isinstance(answer, Later):
            pending = answer
            return pending.becoming(lambda: _identified(_faulted(pending.answer)))
        return _identified(answer)

    def _answer(self, request: Request) -> Answer:
        _, version, path = (*request.path.split("/", 2), "")[:3]
        if path.startswith("proxy/"):
            return self._calls.proxy(request, version, path.removeprefix("proxy/"))
        self._verifier.verify(request)
        shape, names = _route(path)
        action = self._tables[version].get((request.method, shape))
        if action is None:
            message = f"{request.method} {request.path[:200]} is not an operation of Function Compute {version}"
            raise Fault.of("PathNotSupported", 400, message)
        return action(call_of(request, version, names))


def _services(resources: ResourceActions, configs: ConfigActions, calls: CallActions) -> dict[tuple[str, str], Action]:
    own: dict[tuple[str, str], Action] = {
        ("GET", "services"): resources.list_services,
        ("POST", "services"): resources.create_service,
        ("GET", "services/*"): resources.get_service,
        ("PUT", "services/*"): resources.update_service,
        ("DELETE", "services/*"): resources.delete_service,
        ("GET", "services/*/functions"): resources.list_functions,
        ("POST", "services/*/functions"): resources.create_function,
        ("GET", "services/*/functions/*/async-invoke-configs"): configs.list_async_configs,
        ("PUT", "services/*/functions/*/on-demand-config"): configs.put_limit,
        ("GET", "services/*/functions/*/on-demand-config"): configs.get_limit,
        ("DELETE", "services/*/functions/*/on-demand-config"): configs.delete_limit,
        ("PUT", "services/*/functions/*/stateful-async-invocations/*"): calls.stop_task,
    }
    shared = _Paths("services/*", "services/*/functions/*", "stateful-async-invocations")
    return own | _shared(shared, resources, configs, calls)


def _functions(resources: ResourceActions, configs: ConfigActions, calls: CallActions) -> dict[tuple[str, str], Action]:
    own: dict[tuple[str, str], Action] = {
        ("GET", "functions"): resources.list_functions,
        ("POST", "functions"): resources.create_function,
        ("GET", "async-invoke-configs"): configs.list_async_configs,
        ("PUT", "functions/*/concurrency"): configs.put_limit,
        ("GET", "functions/*/concurrency"): configs.get_limit,
        ("DELETE", "functions/*/concurrency"): configs.delete_limit,
        ("PUT", "functions/*/async-tasks/*/stop"): calls.stop_task,
        ("POST", "layers/*/versions"): configs.create_layer,
    }
    return own | _shared(_Paths("functions/*", "functions/*", "async-tasks"), resources, configs, calls)


def _shared(
    at: _Paths, resources: ResourceActions, configs: ConfigActions, calls: CallActions
) -> dict[tuple[str, str], Action]:
    return {
        ("GET", at.function): resources.get_function,
        ("PUT", at.function): resources.update_function,
        ("DELETE", at.function): resources.delete_function,
        ("GET", f"{at.function}/code"): resources.get_code,
        ("POST", f"{at.function}/invocations"): calls.invoke,
        ("POST", f"{at.owner}/versions"): resources.publish_version,
        ("GET", f"{at.owner}/versions"): resources.list_versions,
        ("DELETE", f"{at.owner}/versions/*"): resources.delete_version,
        ("POST", f"{at.owner}/aliases"): resources.create_alias,
        ("GET", f"{at.owner}/aliases"): resources.list_aliases,
        ("GET", f"{at.owner}/aliases/*"): resources.get_alias,
        ("PUT", f"{at.owner}/aliases/*"): resources.update_alias,
        ("DELETE", f"{at.owner}/aliases/*"): resources.delete_alias,
        ("POST", f"{at.function}/triggers"): configs.create_trigger,
        ("GET", f"{at.function}/triggers"): configs.list_triggers,
        ("GET", f"{at.function}/triggers/*"): configs.get_trigger,
        ("PUT", f"{at.function}/triggers/*"): configs.update_trigger,
        ("DELETE", f"{at.function}/triggers/*"): configs.delete_trigger,
        ("PUT", f"{at.function}/async-invoke-config"): configs.put_async_config,
        ("GET", f"{at.function}/async-invoke-config"): configs.get_async_config,
        ("DELETE", f"{at.function}/async-invoke-config"): configs.delete_async_config,
        ("PUT", f"{at.function}/provision-config"): configs.put_provision,
        ("GET", f"{at.function}/provision-config"): configs.get_provision,
        ("DELETE", f"{at.function}/provision-config"): configs.delete_provision,
        ("GET", "provision-configs"): configs.list_provisions,
        ("GET", f"{at.function}/{at.tasks}"): calls.list_tasks,
        ("GET", f"{at.function}/{at.tasks}/*"): calls.get_task,
    }


def _extras(extras: ExtraActions) -> dict[tuple[str, str], Action]:
    return {("GET", "account-settings"): extras.account_settings, ("GET", "fnfkit-logs"): extras.logs}


def _route(path: str) -> tuple[str, tuple[str, ...]]:
    """The shape of a path, with a star for each name, and the names."""
    parts = path.rstrip("/").split("/")
    names = tuple(unquote(name) for name in parts[1::2])
    return "/".join("*" if position % 2 else part for position, part in enumerate(parts)), names


def _safe(produce: Callable[[], Answer]) -> Answer:
    try:
        return produce()
    except Fault as fault:
        return refused(fault)


def _faulted(produce: Callable[[], Response]) -> Response:
    try:
        return produce()
    except Fault as fault:
        return refused(fault)


def _identified(response: Response) -> Response:
    if REQUEST_ID in response.headers:
        return response
    return replace(response, headers={**response.headers, REQUEST_ID: new_request_id()})
