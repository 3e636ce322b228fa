"""The operations on services, functions, versions and aliases (api-fc.md 2, 7). Refusals are raised as `Fault`."""

from __future__ import annotations

import base64
from dataclasses import replace

from fnfkit.cloud.fc.api import FunctionApi, page_of
from fnfkit.model.json import JsonObject
from fnfkit.model.names import FunctionRef
from fnfkit.ports import InvalidArgument
from fnfkit.ports.functions import AliasRecord, FunctionRecord, ServiceRecord
from fnfkit.protocol.fc import ALIAS, FC3, FUNCTION, HOOKS, SERVICE, VERSION, write_hook
from fnfkit.protocol.http import Response
from fnfkit.server.fc_call import Call, code_of, done, listing, ok, settings_of, text_of

_SERVICE_ECHOED = ("logConfig", "vpcConfig", "nasConfig", "tracingConfig")


class ResourceActions:
    """Each method answers one operation."""

    def __init__(self, api: FunctionApi) -> None:
        self._api = api

    # Services

    def create_service(self, call: Call) -> Response:
        """CreateService."""
        fields = call.body()
        name = text_of(fields, "serviceName", required=True)
        with self._api.lock:
            return ok(_service(self._api.catalogue.create_service(_given(ServiceRecord(name=name), fields))))

    def update_service(self, call: Call) -> Response:
        """UpdateService."""
        with self._api.lock:
            call.match(self.get_service(call))
            known = self._api.get_service(call.service)
            return ok(_service(self._api.catalogue.update_service(_given(known, call.body()))))

    def get_service(self, call: Call) -> Response:
        """GetService; the qualifier must exist."""
        with self._api.lock:
            if call.qualifier:
                self._api.releases.check(call.service, "", call.qualifier)
            return ok(_service(self._api.get_service(call.service)))

    def delete_service(self, call: Call) -> Response:
        """DeleteService."""
        with self._api.lock:
            call.match(self.get_service(call))
            self._api.delete_service(call.service)
        return done()

    def list_services(self, call: Call) -> Response:
        """ListServices."""
        prefix = call.query.get("prefix", "")
        page = self._api.list_services(prefix=prefix, limit=call.limit, next_token=call.start)
        return listing("services", [_service(record) for record in page.items], page)

    # Functions

    def create_function(self, call: Call) -> Response:
        """CreateFunction."""
        fields = call.body()
        name = text_of(fields, "functionName", required=True)
        code = code_of(fields, required=True)
        service = call.service if call.version != FC3 else ""
        record = self._api.create_function(service, name, settings_of(fields), code or b"")
        return ok(self._function(call, record))

    def update_function(self, call: Call) -> Response:
        """UpdateFunction."""
        fields = call.body()
        with self._api.lock:
            call.match(self.get_function(call))
            code = code_of(fields, required=False)
            record = self._api.update_function(call.service, call.function, settings_of(fields), code)
        return ok(self._function(call, record))

    def get_function(self, call: Call) -> Response:
        """GetFunction."""
        return ok(self._function(call, self._api.get_function(call.service, call.function, call.qualifier)))

    def get_code(self, call: Call) -> Response:
        """GetFunctionCode; the URL carries the archive itself, so it needs no signature."""
        archive, checksum = self._api.get_code(call.service, call.function, call.qualifier)
        url = f"data:application/zip;base64,{base64.b64encode(archive).decode()}"
        return ok({"url": url, "checksum": checksum})

    def delete_function(self, call: Call) -> Response:
        """DeleteFunction."""
        call.match(self.get_function(call))
        self._api.delete_function(call.service, call.function)
        return done()

    def list_functions(self, call: Call) -> Response:
        """ListFunctions, of a version too."""
        prefix = call.query.get("prefix", "")
        service = "" if call.version == FC3 else call.service
        if service and call.qualifier:
            with self._api.lock:
                found = self._api.releases.functions(service, call.qualifier)
            page = page_of(((one.name, one.record()) for one in found), prefix, call.limit, call.start)
        else:
            page = self._api.list_functions(service, prefix=prefix, limit=call.limit, next_token=call.start)
        return listing("functions", [self._function(call, record) for record in page.items], page)

    # Versions

    def publish_version(self, call: Call) -> Response:
        """PublishServiceVersion, PublishFunctionVersion."""
        description = text_of(call.body(), "description")
        return ok(VERSION.write(self._api.publish_version(call.service, call.function, description)))

    def list_versions(self, call: Call) -> Response:
        """The newest first unless `direction` is FORWARD (inferred)."""
        found = list(self._api.list_versions(call.service, call.function).items)
        forward = call.query.get("direction", "BACKWARD").upper() == "FORWARD"
        numbered = {int(record.id): record for record in found}
        order = sorted(numbered, reverse=not forward)
        if call.start:
            if not (call.start.isascii() and call.start.isdecimal() and len(call.start) < 20):
                raise InvalidArgument(f"{call.start[:40]!r} is no version")
            order = [number for number in order if (number >= int(call.start)) == forward or number == int(call.start)]
        keyed = [(f"{place:08}", numbered[number]) for place, number in enumerate(order)]
        page = page_of(keyed, "", call.limit, None)
        size = len(page.items)
        token = str(order[size]) if len(order) > size else None
        return listing("versions", [VERSION.write(record) for record in page.items], replace(page, next_token=token))

    def delete_version(self, call: Call) -> Response:
        """DeleteServiceVersion, DeleteFunctionVersion."""
        self._api.delete_version(call.service, call.function, call.last)
        return done()

    # Aliases

    def create_alias(self, call: Call) -> Response:
        """CreateAlias."""
        alias = _alias(text_of(call.body(), "aliasName", required=True), None, call.body())
        with self._api.lock:
            return ok(ALIAS.write(self._api.releases.create_alias(call.service, call.function, alias)))

    def update_alias(self, call: Call) -> Response:
        """UpdateAlias."""
        with self._api.lock:
            call.match(self.get_alias(call))
            known = self._api.get_alias(call.service, call.function, call.last)
            alias = _alias(call.last, known, call.body())
            return ok(ALIAS.write(self._api.releases.update_alias(call.service, call.function, alias)))

    def get_alias(self, call: Call) -> Response:
        """GetAlias."""
        return ok(ALIAS.write(self._api.get_alias(call.service, call.function, call.last)))

    def delete_alias(self, call: Call) -> Response:
        """DeleteAlias."""
        call.match(self.get_alias(call))
        self._api.delete_alias(call.service, call.function, call.last)
        return done()

    def list_aliases(self, call: Call) -> Response:
        """ListAliases."""
        found = self._api.list_aliases(call.service, call.function).items
        keyed = ((alias.name, alias) for alias in found)
        page = page_of(keyed, call.query.get("prefix", ""), call.limit, call.start)
        return listing("aliases", [ALIAS.write(alias) for alias in page.items], page)

    def _function(self, call: Call, record: FunctionRecord) -> JsonObject:
        fields: JsonObject = {**record.settings, **FUNCTION.write(record)}
        if record.role:
            fields["role"] = record.role
        if record.layers:
            fields["layers"] = [{"arn": arn} for arn in record.layers] if call.version == FC3 else list(record.layers)
        if call.version == FC3:
            functions = self._api.functions
            arn = FunctionRef(record.name, region=functions.region, account=functions.account_id)
            if record.initializer:
                hook = write_hook(record.initializer, record.initialization_timeout)
                fields[HOOKS] = {**(record.settings.get(HOOKS) or {}), **hook}
            fields |= {"functionArn": str(arn), "state": "Active", "lastUpdateStatus": "Successful"}
        return fields


def _service(record: ServiceRecord) -> JsonObject:
    return {**record.settings, **SERVICE.write(record)}


def _given(known: ServiceRecord, fields: JsonObject) -> ServiceRecord:
    access = fields.get("internetAccess")
    return replace(
        known,
        description=text_of(fields, "description") or known.description,
        role=text_of(fields, "role") or known.role,
        internet_access=known.internet_access if access is None else bool(access),
        settings={**known.settings, **{name: fields[name] for name in _SERVICE_ECHOED if fields.get(name)}},
    )


def _alias(name: str, known: AliasRecord | None, fields: JsonObject) -> AliasRecord:
    weights = fields.get("additionalVersionWeight")
    if weights is None:
        weights = known.weights if known else {}
    if not isinstance(weights, dict) or not all(isinstance(one, int | float) for one in weights.values()):
        raise InvalidArgument("additionalVersionWeight must be an object of numbers by version")
    return AliasRecord(
        name=name,
        version=text_of(fields, "versionId", required=known is None) or (known.version if known else ""),
        description=text_of(fields, "description") or (known.description if known else ""),
        weights={version: float(weight) for version, weight in weights.items()},
    )
