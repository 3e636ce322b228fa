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


class TriggerNotFound(Fault):
    """The function has no such trigger."""

    code = "TriggerNotFound"
    status = 404


class ConfigNotFound(Fault):
    """Nothing was configured under that qualifier. The name is inferred; no table lists one."""

    code = "AsyncConfigNotExists"
    status = 404


class TaskNotFound(Fault):
    """The function has no asynchronous task of that id."""

    code = "StatefulAsyncInvocationNotFound"
    status = 404


class ServiceAlreadyExists(Fault):
    """A service has that name."""

    code = "ServiceAlreadyExists"
    status = 409


class FunctionAlreadyExists(Fault):
    """A function has that name."""

    code = "FunctionAlreadyExists"
    status = 409


class AliasAlreadyExists(Fault):
    """An alias has that name. The code is formed like its siblings (inferred)."""

    code = "AliasAlreadyExists"
    status = 409


class TriggerAlreadyExists(Fault):
    """A trigger has that name, or the function has an HTTP trigger."""

    code = "TriggerAlreadyExists"
    status = 409


class TaskAlreadyExists(Fault):
    """A task of that id was accepted in the last seven days."""

    code = "StatefulAsyncInvocationAlreadyExists"
    status = 409


class ServiceNotEmpty(Fault):
    """The service has functions or versions."""

    code = "ServiceNotEmpty"
    status = 409


class ResourceExhausted(Fault):
    """Function Compute has no room for the call; the function did not run."""

    code = "ResourceExhausted"
    status = 429
