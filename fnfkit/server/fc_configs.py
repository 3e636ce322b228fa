"""The operations on what hangs on a function: asynchronous configurations, triggers, instances, layers (api-fc.md)."""

from __future__ import annotations

from fnfkit.cloud.fc.api import FunctionApi, page_of
from fnfkit.model.json import JsonObject
from fnfkit.model.names import FunctionRef
from fnfkit.ports import InvalidArgument
from fnfkit.ports.functions import LATEST, AsyncConfig, ProvisionRecord, TriggerRecord
from fnfkit.protocol.fc import FC2, FC3, PROVISION, TRIGGER
from fnfkit.protocol.http import Response
from fnfkit.server.fc_call import Call, async_config_of, code_of, done, listing, ok, text_of, write_async_config


class ConfigActions:
    """Each method answers one operation."""

    def __init__(self, api: FunctionApi) -> None:
        self._api = api

    # Asynchronous configurations

    def put_async_config(self, call: Call) -> Response:
        """PutAsyncInvokeConfig."""
        config = self._api.put_async_config(call.service, call.function, async_config_of(call))
        return ok(self._async_config(call, config))

    def get_async_config(self, call: Call) -> Response:
        """GetAsyncInvokeConfig."""
        return ok(self._async_config(call, self._api.get_async_config(call.service, call.function, call.qualifier)))

    def delete_async_config(self, call: Call) -> Response:
        """DeleteAsyncInvokeConfig."""
        self._api.delete_async_config(call.service, call.function, call.qualifier)
        return done()

    def list_async_configs(self, call: Call) -> Response:
        """ListAsyncInvokeConfigs of a function."""
        function = call.function if call.names else call.query.get("functionName", "")
        service = call.service if call.names else ""
        with self._api.lock:
            found = self._api.releases.configs(service, function)
        page = page_of(((config.qualifier, config) for config in found), "", call.limit, call.start)
        return listing("configs", [self._async_config(call, config) for config in page.items], page)

    def _async_config(self, call: Call, config: AsyncConfig) -> JsonObject:
        if call.version == FC3:
            function = call.function if call.names else call.query.get("functionName", "")
            where: JsonObject = {"functionArn": self._arn("", function, config.qualifier)}
        else:
            where = {"service": call.service, "function": call.function}
        return write_async_config(call, config, where)

    # Triggers

    def create_trigger(self, call: Call) -> Response:
        """CreateTrigger."""
        name = text_of(call.body(), "triggerName", required=True)
        return self._put_trigger(call, TriggerRecord(name=name, type="", config={}), new=True)

    def update_trigger(self, call: Call) -> Response:
        """UpdateTrigger."""
        call.match(self.get_trigger(call))
        with self._api.lock:
            known = self._api.releases.trigger(call.service, call.function, call.last)
        return self._put_trigger(call, known, new=False)

    def get_trigger(self, call: Call) -> Response:
        """GetTrigger."""
        with self._api.lock:
            return ok(self._trigger(call, self._api.releases.trigger(call.service, call.function, call.last)))

    def delete_trigger(self, call: Call) -> Response:
        """DeleteTrigger."""
        call.match(self.get_trigger(call))
        with self._api.lock:
            self._api.releases.delete_trigger(call.service, call.function, call.last)
        return done()

    def list_triggers(self, call: Call) -> Response:
        """ListTriggers."""
        with self._api.lock:
            found = self._api.releases.triggers(call.service, call.function)
        page = page_of(((one.name, one) for one in found), call.query.get("prefix", ""), call.limit, call.start)
        return listing("triggers", [self._trigger(call, one) for one in page.items], page)

    def _put_trigger(self, call: Call, known: TriggerRecord, *, new: bool) -> Response:
        fields = call.body()
        shape = TRIGGER[call.generation]
        try:
            given = shape.read({**shape.write(known), **{name: one for name, one in fields.items() if one is not None}})
            trigger = TriggerRecord(**given)
        except (ValueError, TypeError, AttributeError) as error:
            raise InvalidArgument(f"the trigger is wrong: {error}") from None
        if not trigger.type or not isinstance(trigger.config, dict):
            raise InvalidArgument("a trigger needs a triggerType, and a triggerConfig that is an object")
        with self._api.lock:
            return ok(
                self._trigger(call, self._api.releases.put_trigger(call.service, call.function, trigger, new=new))
            )

    def _trigger(self, call: Call, trigger: TriggerRecord) -> JsonObject:
        fields = TRIGGER[call.generation].write(trigger)
        if trigger.type == "http":
            at = f".{trigger.qualifier}" if trigger.qualifier else ""
            owner = f"{FC3}/proxy/{call.function}{at}" if call.version == FC3 else None
            path = owner or f"{FC2}/proxy/{call.service}{at}/{call.function}"
            url = f"http://{call.request.headers.get('host', '')}/{path}/"
            fields["httpTrigger"] = {"urlInternet": url, "urlIntranet": url}
        return fields

    # Instances

    def put_provision(self, call: Call) -> Response:
        """PutProvisionConfig."""
        target = _whole(call.body(), "target", "defaultTarget")
        return ok(self._provision(call, self._api.put_provision(call.service, call.function, call.qualifier, target)))

    def get_provision(self, call: Call) -> Response:
        """GetProvisionConfig."""
        return ok(self._provision(call, self._api.get_provision(call.service, call.function, call.qualifier)))

    def delete_provision(self, call: Call) -> Response:
        """DeleteProvisionConfig."""
        self._api.put_provision(call.service, call.function, call.qualifier, 0)
        return done()

    def list_provisions(self, call: Call) -> Response:
        """ListProvisionConfigs, of a service and qualifier or of a function if they are named."""
        wanted = {name: call.query.get(name, "") for name in ("serviceName", "functionName", "qualifier")}
        with self._api.lock:
            places = [
                (unit.service, function, qualifier)
                for unit in self._api.catalogue.units.values()
                for function, targets in unit.provisions.items()
                for qualifier in targets
                if bool(unit.service) == (call.version != FC3)
                and wanted["serviceName"] in ("", unit.service)
                and wanted["functionName"] in ("", function)
                and wanted["qualifier"] in ("", qualifier)
            ]
        records = (self._api.get_provision(*place) for place in places)
        page = page_of((("#".join(place), one) for place, one in zip(places, records, strict=True)), "", call.limit)
        return listing("provisionConfigs", [self._provision(call, one) for one in page.items], page)

    def _provision(self, call: Call, record: ProvisionRecord) -> JsonObject:
        fields = PROVISION.write(record)
        if call.version == FC3:
            arn = self._arn("", record.function, record.qualifier)
            return {**fields, "defaultTarget": record.target, "functionArn": arn}
        account = self._api.functions.account_id
        return {"resource": "#".join((account, record.service, record.qualifier, record.function)), **fields}

    def put_limit(self, call: Call) -> Response:
        """PutConcurrencyConfig, and PutOnDemandConfig of FC 2."""
        most = _whole(call.body(), "reservedConcurrency", "maximumInstanceCount")
        self._api.limit(call.service, call.function, most)
        return self.get_limit(call)

    def get_limit(self, call: Call) -> Response:
        """GetConcurrencyConfig, and GetOnDemandConfig of FC 2."""
        with self._api.lock:
            most = self._api.catalogue.unit(call.service, call.function).maxima.get(call.function)
        if call.version == FC3:
            return ok({"functionArn": self._arn("", call.function, ""), "reservedConcurrency": most})
        resource = f"services/{call.service}.{call.qualifier or LATEST}/functions/{call.function}"
        return ok({"resource": resource, "maximumInstanceCount": most})

    def delete_limit(self, call: Call) -> Response:
        """DeleteConcurrencyConfig, and DeleteOnDemandConfig of FC 2."""
        self._api.limit(call.service, call.function, None)
        return done()

    # Layers

    def create_layer(self, call: Call) -> Response:
        """CreateLayerVersion: what its folder `python` holds can be imported by functions that name its ARN."""
        archive = code_of(call.body(), required=True) or b""
        functions = self._api.functions
        with self._api.lock:
            package = self._api.catalogue.packages.keep(archive)
            head = f"acs:fc:{functions.region}:{functions.account_id}:layers/{call.names[0]}/versions/"
            version = 1 + sum(arn.startswith(head) for arn in self._api.catalogue.layers)
            self._api.catalogue.add_layer(f"{head}{version}", package)
        return ok(
            {
                "layerName": call.names[0],
                "version": version,
                "layerVersionArn": f"{head}{version}",
                "codeSize": package.size,
                "codeChecksum": package.checksum,
                "compatibleRuntime": call.body().get("compatibleRuntime") or [],
            }
        )

    def _arn(self, service: str, function: str, qualifier: str) -> str:
        functions = self._api.functions
        named = "" if qualifier == LATEST else qualifier
        return str(FunctionRef(function, service, named, functions.region, functions.account_id))


def _whole(fields: JsonObject, *names: str) -> int:
    value = next((fields[name] for name in names if fields.get(name) is not None), None)
    if isinstance(value, bool) or not isinstance(value, int):
        raise InvalidArgument(f"{' or '.join(names)} must be a whole number")
    return value
