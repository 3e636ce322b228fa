"""The port `Functions` over Lambda. What Lambda does otherwise, or not at all:

- there are no services: a function of one is named SERVICE__FUNCTION, as flows written for Step Functions call it;
- a function needs a runtime of Lambda's and a role, and has no initializer;
- `checksum` is the SHA-256 of the code in Base64, and only the time of the last change is told;
- asynchronous calls are no tasks that could be looked at or stopped: `ActionNotSupported`.

Faults have the codes of Function Compute (api-fc.md 6) where there is one that means the same.
"""

from __future__ import annotations

import base64
from contextlib import suppress
from typing import NoReturn

from botocore.exceptions import WaiterError

from fnfkit.aws.lambda_records import (
    alias_record,
    async_record,
    configuration,
    function_record,
    qualified,
    routing,
    version_record,
    whole_name,
)
from fnfkit.aws.session import Session
from fnfkit.model.json import Json, JsonObject
from fnfkit.ports import (
    AccessDenied,
    ActionNotSupported,
    EntityTooLarge,
    Fault,
    InvalidArgument,
    MissingRequiredParams,
    Page,
    ResourceThrottled,
)
from fnfkit.ports.functions import (
    ALL_TASKS,
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

_ABSENT = ("ResourceNotFoundException", "ProvisionedConcurrencyConfigNotFoundException")
_TAKEN = ("ResourceConflictException", "ConflictException")
_PAGE = 50
_CODES: dict[str, type[Fault]] = {
    **dict.fromkeys(("RequestTooLargeException", "CodeStorageExceededException"), EntityTooLarge),
    **dict.fromkeys(("InvalidRequestContentException", "InvalidZipFileException"), InvalidArgument),
    **dict.fromkeys(("InvalidRuntimeException", "UnsupportedMediaTypeException"), InvalidArgument),
    **dict.fromkeys(("TooManyRequestsException", "EC2ThrottledException"), ResourceThrottled),
    "KMSAccessDeniedException": AccessDenied,
}


class LambdaFunctions:
    """The functions of an account and region; implements `fnfkit.ports.Functions`. Every method raises `Fault`.

    `role_arn` is the role of functions that are created without one.
    """

    def __init__(self, session: Session, *, role_arn: str = "") -> None:
        self._session = session
        self._lambda = session.client("lambda")
        self._role_arn = role_arn

    # -- services

    def create_service(self, name: str, *, description: str = "", role: str = "") -> ServiceRecord:
        """Raises `ActionNotSupported`."""
        _no_services()

    def get_service(self, name: str) -> ServiceRecord:
        """Raises `ActionNotSupported`."""
        _no_services()

    def list_services(
        self, *, prefix: str = "", limit: int | None = None, next_token: str | None = None
    ) -> Page[ServiceRecord]:
        """Raises `ActionNotSupported`."""
        _no_services()

    def delete_service(self, name: str) -> None:
        """Raises `ActionNotSupported`."""
        _no_services()

    # -- functions

    def create_function(self, service: str, name: str, settings: FunctionSettings, code: bytes) -> FunctionRecord:
        """CreateFunction; returns when it can be called."""
        whole = whole_name(service, name)
        if not settings.runtime:
            raise MissingRequiredParams(f"the function {whole} needs a runtime of Lambda, such as python3.12.")
        role = settings.role or self._role_arn
        if not role:
            raise MissingRequiredParams(f"the function {whole} needs a role.")
        given = {"Handler": "index.handler", **configuration(settings), "Role": role, "Code": {"ZipFile": code}}
        self._ask("create_function", whole, "FunctionAlreadyExists", **given)
        self._settled("function_active_v2", whole)
        return self.get_function(service, name)

    def update_function(
        self, service: str, name: str, settings: FunctionSettings = UNCHANGED, code: bytes | None = None
    ) -> FunctionRecord:
        """UpdateFunctionConfiguration, then UpdateFunctionCode; each returns when it has taken effect."""
        whole = whole_name(service, name)
        if changes := configuration(settings):
            self._ask("update_function_configuration", whole, **changes)
            self._settled("function_updated_v2", whole)
        if code is not None:
            self._ask("update_function_code", whole, ZipFile=code)
            self._settled("function_updated_v2", whole)
        return self.get_function(service, name)

    def get_function(self, service: str, name: str, qualifier: str = "") -> FunctionRecord:
        """GetFunctionConfiguration."""
        found = self._ask("get_function_configuration", whole_name(service, name), **qualified(qualifier))
        return function_record(found)

    def list_functions(
        self, service: str, *, prefix: str = "", limit: int | None = None, next_token: str | None = None
    ) -> Page[FunctionRecord]:
        """ListFunctions. The functions of the service are picked from each page, which may so come out short."""
        if limit is not None and limit < 1:
            raise InvalidArgument(f"a page has at least one function, not {limit}.")
        given: JsonObject = {"MaxItems": min(limit or _PAGE, _PAGE), **({"Marker": next_token} if next_token else {})}
        answer = self._call("list_functions", "the account", given)
        found = [function_record(item) for item in answer["Functions"]]
        kept = [one for one in found if one.service == service and one.name.startswith(prefix)]
        return Page(tuple(kept), answer.get("NextMarker") or None)

    def delete_function(self, service: str, name: str) -> None:
        """DeleteFunction, with all its versions and aliases."""
        self._ask("delete_function", whole_name(service, name))

    # -- versions and aliases

    def publish_version(self, service: str, function: str, description: str = "") -> VersionRecord:
        """PublishVersion; without a change since the last one, that one again."""
        whole = whole_name(service, function)
        made = version_record(self._ask("publish_version", whole, Description=description))
        self._settled("published_version_active", whole, Qualifier=made.id)
        return made

    def list_versions(self, service: str, function: str) -> Page[VersionRecord]:
        """ListVersionsByFunction, all of them, without $LATEST."""
        found: list[VersionRecord] = []
        marker = ""
        while True:
            more = {"Marker": marker} if marker else {}
            answer = self._ask("list_versions_by_function", whole_name(service, function), **more)
            found += [version_record(item) for item in answer["Versions"] if item["Version"] != "$LATEST"]
            marker = answer.get("NextMarker") or ""
            if not marker:
                return Page(tuple(found))

    def delete_version(self, service: str, function: str, version: str) -> None:
        """DeleteFunction of one version."""
        if not version.isdigit():  # the unpublished version is the function itself
            raise InvalidArgument(f"{version!r} is no version: versions are numbers.")
        self.get_function(service, function, version)  # Lambda deletes an absent one without complaint
        self._ask("delete_function", whole_name(service, function), Qualifier=version)

    def create_alias(
        self, service: str, function: str, name: str, version: str, *, weights: dict[str, float] | None = None
    ) -> AliasRecord:
        """CreateAlias."""
        given = {"Name": name, **qualified(version, "FunctionVersion"), **routing(weights)}
        return alias_record(self._ask("create_alias", whole_name(service, function), "AliasAlreadyExists", **given))

    def update_alias(
        self, service: str, function: str, name: str, version: str, *, weights: dict[str, float] | None = None
    ) -> AliasRecord:
        """UpdateAlias; without weights all calls go to the version."""
        given = {"Name": name, **qualified(version, "FunctionVersion"), **routing(weights or {})}
        return alias_record(self._of_alias("update_alias", service, function, **given))

    def get_alias(self, service: str, function: str, name: str) -> AliasRecord:
        """GetAlias."""
        return alias_record(self._of_alias("get_alias", service, function, Name=name))

    def delete_alias(self, service: str, function: str, name: str) -> None:
        """DeleteAlias."""
        self.get_alias(service, function, name)  # Lambda deletes an absent one without complaint
        self._of_alias("delete_alias", service, function, Name=name)

    # -- configurations

    def put_async_config(self, service: str, function: str, config: AsyncConfig) -> AsyncConfig:
        """PutFunctionEventInvokeConfig. Raises `ActionNotSupported` for stateful calls."""
        if config.stateful:
            raise ActionNotSupported("Lambda keeps no record of asynchronous calls: leave stateful out.")
        ends = {"OnSuccess": config.on_success, "OnFailure": config.on_failure}
        destinations = {name: {"Destination": arn} for name, arn in ends.items() if arn}
        answer = self._ask(
            "put_function_event_invoke_config",
            whole_name(service, function),
            MaximumRetryAttempts=config.max_retries,
            MaximumEventAgeInSeconds=config.max_age,
            DestinationConfig=destinations,
            **qualified(config.qualifier),
        )
        return async_record(answer, config.qualifier)

    def get_async_config(self, service: str, function: str, qualifier: str = "") -> AsyncConfig:
        """GetFunctionEventInvokeConfig."""
        answer = self._of_config("get_function_event_invoke_config", service, function, qualifier)
        return async_record(answer, qualifier)

    def delete_async_config(self, service: str, function: str, qualifier: str = "") -> None:
        """DeleteFunctionEventInvokeConfig."""
        self._of_config("delete_function_event_invoke_config", service, function, qualifier)

    def put_provision(self, service: str, function: str, qualifier: str, target: int) -> ProvisionRecord:
        """PutProvisionedConcurrencyConfig, or DeleteProvisionedConcurrencyConfig for none."""
        whole, where = whole_name(service, function), qualified(qualifier)
        if target:
            more = {**where, "ProvisionedConcurrentExecutions": target}
            self._ask("put_provisioned_concurrency_config", whole, **more)
        else:
            with suppress(_NotThere):
                self._call("delete_provisioned_concurrency_config", whole, {"FunctionName": whole, **where})
        return self.get_provision(service, function, qualifier)

    def get_provision(self, service: str, function: str, qualifier: str) -> ProvisionRecord:
        """GetProvisionedConcurrencyConfig; none if none was put."""
        whole, found = whole_name(service, function), dict[str, Json]()
        given = {"FunctionName": whole, **qualified(qualifier)}
        try:
            found = self._call("get_provisioned_concurrency_config", whole, given)
        except _NotThere:
            self.get_function(service, function, qualifier)
        return ProvisionRecord(
            service=service,
            function=function,
            qualifier=qualifier,
            target=int(found.get("RequestedProvisionedConcurrentExecutions", 0)),
            current=int(found.get("AvailableProvisionedConcurrentExecutions", 0)),
        )

    # -- calls

    def invoke(self, service: str, function: str, payload: bytes = b"", options: InvokeOptions = SYNC) -> Invoked:
        """Invoke. Raises `ActionNotSupported` for stateful calls and ids of tasks."""
        if options.stateful or options.task_id:
            raise ActionNotSupported("asynchronous calls of Lambda are no tasks: leave stateful and task_id out.")
        given: JsonObject = {
            "InvocationType": "Event" if options.asynchronous else "RequestResponse",
            "Payload": payload,
            **qualified(options.qualifier),
            **({"LogType": "Tail"} if options.tail and not options.asynchronous else {}),
        }
        answer = self._ask("invoke", whole_name(service, function), **given)
        body = answer.get("Payload")
        return Invoked(
            payload=b"" if body is None or options.asynchronous else body.read(),
            error_type=answer.get("FunctionError") or "",
            request_id=answer.get("ResponseMetadata", {}).get("RequestId") or "",
            log=base64.b64decode(answer.get("LogResult") or "").decode("utf-8", "replace"),
            version=answer.get("ExecutedVersion") or "",
        )

    def get_task(self, service: str, function: str, task_id: str, qualifier: str = "") -> TaskRecord:
        """Raises `ActionNotSupported`."""
        _no_tasks()

    def list_tasks(
        self,
        service: str,
        function: str,
        query: TaskQuery = ALL_TASKS,
        *,
        limit: int | None = None,
        next_token: str | None = None,
    ) -> Page[TaskRecord]:
        """Raises `ActionNotSupported`."""
        _no_tasks()

    def stop_task(self, service: str, function: str, task_id: str, qualifier: str = "") -> None:
        """Raises `ActionNotSupported`."""
        _no_tasks()

    # -- requests

    def _call(self, operation: str, of: str, parameters: JsonObject) -> JsonObject:
        codes = {**_CODES, **dict.fromkeys(_ABSENT, _NotThere)}
        with self._session.faults(f"{operation} of {of}", codes):
            answer: JsonObject = getattr(self._lambda, operation)(**parameters)
            return answer

    def _ask(self, operation: str, whole: str, taken: str = "", /, **more: Json) -> JsonObject:
        """A request about a function. `taken` is the code for a name that is taken already."""
        try:
            return self._call(operation, f"function {whole}", {"FunctionName": whole, **more})
        except _NotThere as fault:
            code = "VersionNotFound" if more.get("Qualifier") and self._exists(whole) else "FunctionNotFound"
            raise Fault.of(code, 404, fault.message) from None
        except Fault as fault:
            if fault.code in _TAKEN and taken:
                raise Fault.of(taken, 409, fault.message) from None
            raise

    def _of_alias(self, operation: str, service: str, function: str, **more: Json) -> JsonObject:
        return self._of_part(operation, service, function, "AliasNotFound", more)

    def _of_config(self, operation: str, service: str, function: str, qualifier: str) -> JsonObject:
        return self._of_part(operation, service, function, "AsyncConfigNotExists", qualified(qualifier))

    def _of_part(self, operation: str, service: str, function: str, code: str, more: JsonObject) -> JsonObject:
        whole = whole_name(service, function)
        try:
            return self._call(operation, f"function {whole}", {"FunctionName": whole, **more})
        except _NotThere as fault:
            self.get_function(service, function)  # or is it the function that is not there?
            raise Fault.of(code, 404, fault.message) from None

    def _exists(self, whole: str) -> bool:
        try:
            self._call("get_function_configuration", f"function {whole}", {"FunctionName": whole})
        except _NotThere:
            return False
        return True

    def _settled(self, waiter: str, whole: str, **more: str) -> None:
        with self._session.faults(f"waiting for function {whole}", _CODES):
            try:
                self._lambda.get_waiter(waiter).wait(FunctionName=whole, **more)
            except WaiterError as late:
                told = f"function {whole} does not get ready: {late}; look at its state and its reason"
                raise Fault.of("FunctionNotReady", 409, told) from None


class _NotThere(Fault):
    """Lambda does not say what it is that is not there."""

    code = "ResourceNotFoundException"
    status = 404


def _no_services() -> NoReturn:
    raise ActionNotSupported("Lambda has no services; a function of one is named SERVICE__FUNCTION.")


def _no_tasks() -> NoReturn:
    raise ActionNotSupported("Lambda keeps no record of asynchronous calls; give the function a destination instead.")
