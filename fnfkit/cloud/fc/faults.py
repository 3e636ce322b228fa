"""The ways Function Compute refuses a call (api-fc.md 6); a task step sees them as `FC.<Code>` (fdl.md 4.9)."""

from __future__ import annotations

from fnfkit.ports import Fault


class ServiceNotFound(Fault):
    """There is no such service."""

    code = "ServiceNotFound"
    status = 404


class FunctionNotFound(Fault):
    """The service has no such function."""

    code = "FunctionNotFound"
    status = 404


class VersionNotFound(Fault):
    """The service has no such version."""

    code = "VersionNotFound"
    status = 404


class AliasNotFound(Fault):
    """The service has no such alias."""

    code = "AliasNotFound"
    status = 404


class ResourceExhausted(Fault):
    """Function Compute has no room for the call; the function did not run."""

    code = "ResourceExhausted"
    status = 429
