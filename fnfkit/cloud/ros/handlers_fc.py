"""Function Compute: ALIYUN::FC::Service, and functions, triggers, versions of both generations (ros.md 7).

The types of FC 3 are those of FC 2 without a service, so one handler does for both: `service_of` is empty for FC 3.
"""

from __future__ import annotations

from dataclasses import replace

from fnfkit.cloud.fc.function import Function
from fnfkit.cloud.ros.fc_code import archive_of, camel
from fnfkit.cloud.ros.handling import Account, Built, Order, flag_of, found, number_of, quiet, text_of
from fnfkit.model.json import JsonObject
from fnfkit.ports.functions import AsyncConfig, FunctionSettings, ServiceRecord, TriggerRecord

ABSENT = ("ServiceNotFound", "FunctionNotFound", "TriggerNotFound", "VersionNotFound", "AliasNotFound")
_NO_CONFIG = "AsyncConfigNotExists"
_SERVICE_KEYS = ("LogConfig", "VpcConfig", "NasConfig", "OssMountConfig", "TracingConfig", "VpcBindings", "Tags")
_FUNCTION_KEYS = {
    *("ServiceName", "FunctionName", "Handler", "Runtime", "Code", "AsyncConfiguration", "Description"),
    *("EnvironmentVariables", "InitializationTimeout", "Initializer", "MemorySize", "Timeout", "Role", "Layers"),
}


def service_of(order: Order) -> str:
    """The service a resource belongs to, empty for FC 3."""
    return "" if order.type.startswith("ALIYUN::FC3::") else order.text("ServiceName")


def function_of(order: Order) -> tuple[str, str]:
    """Service and name of the function a resource is about."""
    return service_of(order), order.text("FunctionName")


class ServiceHandler:
    """A service; its physical ID is its name."""

    def __init__(self, account: Account) -> None:
        self._account, self._catalogue = account, account.functions.catalogue

    def exists(self, order: Order) -> bool:
        return found(lambda: self._catalogue.unit(order.text("ServiceName")), *ABSENT)

    def create(self, order: Order) -> Built:
        return self._built(order, self._catalogue.create_service(_service(order)))

    def update(self, order: Order) -> Built:
        record = self._catalogue.update_service(_service(order))
        for name in tuple(self._catalogue.unit(record.name).functions):
            self._catalogue.update(record.name, name, FunctionSettings(role=record.role), None)
        return self._built(order, record)

    def delete(self, order: Order) -> None:
        quiet(lambda: self._catalogue.delete_service(order.physical or order.text("ServiceName")), *ABSENT)

    def _built(self, order: Order, record: ServiceRecord) -> Built:
        log, vpc = order.map("LogConfig"), order.map("VpcConfig")
        attributes = {
            "ServiceName": record.name,
            "ServiceId": record.id,
            "Role": record.role,
            "InternetAccess": record.internet_access,
            "LogProject": log.get("Project", ""),
            "Logstore": log.get("Logstore", ""),
            "VpcId": vpc.get("VpcId", ""),
            "Tags": order.properties.get("Tags", []),
        }
        return Built(record.name, attributes)


def _service(order: Order) -> ServiceRecord:
    settings = {key: order.properties[key] for key in _SERVICE_KEYS if key in order.properties}
    return ServiceRecord(
        name=order.text("ServiceName"),
        description=order.text("Description"),
        role=order.text("Role"),
        internet_access=order.flag("InternetAccess") is not False,
        settings=camel(settings),
    )


class FunctionHandler:
    """A function of either generation; its physical ID is its name."""

    def __init__(self, account: Account) -> None:
        self._account, self._functions = account, account.functions
        self._catalogue, self._releases = account.functions.catalogue, account.functions.releases

    def exists(self, order: Order) -> bool:
        service, name = function_of(order)
        unit = self._catalogue.units.get(service or f"/{name}")
        return unit is not None and name in unit.functions

    def create(self, order: Order) -> Built:
        package = self._catalogue.packages.keep(self._archive(order))
        return self._built(order, self._catalogue.create(*function_of(order), self._settings(order), package))

    def update(self, order: Order) -> Built:
        changed = order.properties.get("Code") != order.before.get("Code")
        package = self._catalogue.packages.keep(self._archive(order)) if changed else None
        return self._built(order, self._catalogue.update(*function_of(order), self._settings(order), package))

    def delete(self, order: Order) -> None:
        quiet(lambda: self._catalogue.delete(*function_of(order)), *ABSENT)

    def _settings(self, order: Order) -> FunctionSettings:
        """A function of FC 2 acts with the role of its service."""
        service = service_of(order)
        settings = _settings(order)
        return replace(settings, role=self._catalogue.unit(service).record.role) if service else settings

    def _archive(self, order: Order) -> bytes:
        return archive_of(order.map("Code"), order.text("Runtime"), self._account.objects)

    def _built(self, order: Order, function: Function) -> Built:
        self._configure(order)
        service, name = function.service, function.name
        place = f"acs:fc:{self._account.region}:{self._account.account_id}:"
        attributes = {
            "FunctionName": name,
            "FunctionId": function.id,
            "ARN": place + (f"services/{service}.LATEST/functions/{name}" if service else f"functions/{name}"),
        }
        if service:
            attributes |= {"ServiceName": service, "ServiceId": self._catalogue.unit(service).record.id}
        return Built(name, attributes)

    def _configure(self, order: Order) -> None:
        given = order.properties.get("AsyncConfiguration")
        if given:
            self._releases.put_config(*function_of(order), _async_config(given))
        elif order.before.get("AsyncConfiguration"):
            quiet(lambda: self._releases.delete_config(*function_of(order), ""), _NO_CONFIG)


def _settings(order: Order) -> FunctionSettings:
    """All settings: what a template leaves out goes back to its default (ros.md 7)."""
    more = {key: value for key, value in order.properties.items() if key not in _FUNCTION_KEYS}
    variables = order.map("EnvironmentVariables")
    return FunctionSettings(
        runtime=order.text("Runtime"),
        handler=order.text("Handler"),
        initializer=order.text("Initializer"),
        initialization_timeout=order.number("InitializationTimeout") or 3,
        timeout=order.number("Timeout") or 3,
        memory=order.number("MemorySize") or 128,
        description=order.text("Description"),
        environment={name: text_of(value) for name, value in variables.items()},
        role=order.text("Role"),
        layers=tuple(text_of(layer) for layer in order.properties.get("Layers", [])),
        settings=camel(more),
    )


def _async_config(given: JsonObject) -> AsyncConfig:
    """`AsyncConfiguration` of FC 2, and the properties of FC3::AsyncInvokeConfig."""
    goals = given.get("Destination") or given.get("DestinationConfig") or {}
    stateful = given.get("StatefulInvocation", given.get("AsyncTask"))
    return AsyncConfig(
        stateful=flag_of(stateful) or False,
        max_age=number_of(given.get("MaxAsyncEventAgeInSeconds")) or 86_400,
        max_retries=3 if given.get("MaxAsyncRetryAttempts") is None else number_of(given["MaxAsyncRetryAttempts"]) or 0,
        on_success=_destination(goals, "OnSuccess"),
        on_failure=_destination(goals, "OnFailure"),
    )


def _destination(goals: JsonObject, name: str) -> str:
    goal = goals.get(name) or ""
    return text_of(goal.get("Destination")) if isinstance(goal, dict) else text_of(goal)


class AsyncConfigHandler:
    """ALIYUN::FC3::AsyncInvokeConfig."""

    def __init__(self, account: Account) -> None:
        self._releases = account.functions.releases

    def exists(self, order: Order) -> bool:
        return self._releases.config(*function_of(order), "") is not None

    def create(self, order: Order) -> Built:
        self._releases.put_config(*function_of(order), _async_config(order.properties))
        return Built(order.text("FunctionName"))

    update = create

    def delete(self, order: Order) -> None:
        quiet(lambda: self._releases.delete_config(*function_of(order), ""), _NO_CONFIG, *ABSENT)


class TriggerHandler:
    """A trigger of either generation."""

    def __init__(self, account: Account) -> None:
        self._account, self._releases = account, account.functions.releases

    def exists(self, order: Order) -> bool:
        return found(lambda: self._releases.trigger(*function_of(order), order.text("TriggerName")), *ABSENT)

    def create(self, order: Order) -> Built:
        return self._put(order, new=True)

    def update(self, order: Order) -> Built:
        return self._put(order, new=False)

    def delete(self, order: Order) -> None:
        name = order.text("TriggerName")
        quiet(lambda: self._releases.delete_trigger(*function_of(order), name), *ABSENT)

    def _put(self, order: Order, *, new: bool) -> Built:
        service, function = function_of(order)
        trigger = TriggerRecord(
            name=order.text("TriggerName"),
            type=order.text("TriggerType"),
            config=_config(order.map("TriggerConfig")),
            description=order.text("Description"),
            source_arn=order.text("SourceArn"),
            role=order.text("InvocationRole"),
            qualifier=order.text("Qualifier"),
        )
        record = self._releases.put_trigger(service, function, trigger, new=new)
        place = f"{self._account.account_id}.{self._account.region}"
        path = f"2016-08-15/proxy/{service}/{function}/" if service else f"2023-03-30/proxy/{function}/"
        attributes = {
            "TriggerName": record.name,
            "TriggerId": record.id,
            "FunctionName": function,
            "UrlInternet": f"https://{place}.fc.aliyuncs.com/{path}" if record.type == "http" else "",
            "UrlIntranet": f"https://{place}-internal.fc.aliyuncs.com/{path}" if record.type == "http" else "",
        }
        return Built(record.name, attributes | ({"ServiceName": service} if service else {}))


def _config(given: JsonObject) -> JsonObject:
    """A trigger's configuration in the API's spelling; the help page's `Enabled` is `enable` (ros.md 7)."""
    config: JsonObject = camel(given)
    if "enabled" in config:
        config = {**config, "enable": config["enabled"]}
        del config["enabled"]
    for key in ("enable",):
        if key in config:
            config[key] = flag_of(config[key])
    return config
