"""What stands beside the documented operations: account settings, and the emulator's own look at logs."""

from __future__ import annotations

from fnfkit.cloud.fc.api import FunctionApi
from fnfkit.model.json import JsonObject
from fnfkit.ports import InvalidArgument
from fnfkit.protocol.http import Response
from fnfkit.server.fc_call import Call, ok

MOST_LINES = 1_000


class ExtraActions:
    """Each method answers one operation."""

    def __init__(self, api: FunctionApi) -> None:
        self._api = api

    def account_settings(self, call: Call) -> Response:
        """GetAccountSettings."""
        return ok({"availableAZs": [f"{self._api.functions.region}-a"]})

    def logs(self, call: Call) -> Response:
        """The last lines functions have written: GET /2016-08-15/fnfkit-logs?service&function&requestId&limit. The real
        service writes logs to the Log Service instead."""
        limit = 100 if call.limit is None else call.limit
        if not 1 <= limit <= MOST_LINES:
            raise InvalidArgument(f"limit {limit} is not between 1 and {MOST_LINES}")
        wanted = {name: call.query[name] for name in ("service", "function", "requestId") if call.query.get(name)}
        lines: list[JsonObject] = []
        for line in reversed(tuple(self._api.functions.log)):
            fields = {"service": line.service, "function": line.function, "requestId": line.request_id}
            if all(fields[name] == value or fields[name] == "*" for name, value in wanted.items()):
                lines.append({"time": line.at, **fields, "text": line.text})
            if len(lines) == limit:
                break
        return ok({"lines": lines[::-1]})
