"""The ways a cloud refuses a call. Codes and statuses are the service's own (api-fnf.md 7).

Service cores raise these, the server renders them, and the clients of the real service raise the same classes again.
"""

from __future__ import annotations


class Fault(Exception):
    """A refusal. `code` and `status` (HTTP) are the service's; children set them, others are made with `other`."""

    code = "InternalServerError"
    status = 500

    def __init__(self, message: str = "An internal error has occurred. Please retry.") -> None:
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"

    @staticmethod
    def of(code: str, status: int, message: str) -> Fault:
        """The fault of a code: one of the classes below where there is one, else a plain `Fault` with that code."""
        kind = _KINDS.get(code)
        if kind is not None:
            return kind(message)
        fault = Fault(message)
        fault.code, fault.status = code, status
        return fault


class ActionNotSupported(Fault):
    """The operation is not one of the API's."""

    code = "ActionNotSupported"
    status = 400


class APIVersionNotSupported(Fault):
    """The API version is not served."""

    code = "APIVersionNotSupported"
    status = 400


class MissingRequiredParams(Fault):
    """A required parameter is absent."""

    code = "MissingRequiredParams"
    status = 400


class InvalidArgument(Fault):
    """A parameter is present and wrong."""

    code = "InvalidArgument"
    status = 400


class EntityTooLarge(Fault):
    """A payload is larger than the service takes."""

    code = "EntityTooLarge"
    status = 400


class ExecutionAlreadyExists(Fault):
    """An ended execution has that name."""

    code = "ExecutionAlreadyExists"
    status = 400


class ExecutionAlreadyCompleted(Fault):
    """The execution has ended and cannot be stopped."""

    code = "ExecutionAlreadyCompleted"
    status = 400


class TaskAlreadyCompleted(Fault):
    """The task's callback was reported before."""

    code = "TaskAlreadyCompleted"
    status = 400


class AccessDenied(Fault):
    """The caller may not do this."""

    code = "AccessDenied"
    status = 403


class InvalidAccessKeyID(Fault):
    """The access key is not known."""

    code = "InvalidAccessKeyID"
    status = 403


class SignatureNotMatch(Fault):
    """The request's signature is not the one calculated."""

    code = "SignatureNotMatch"
    status = 403


class RequestTimeTooSkewed(Fault):
    """The request's time is too far from the service's."""

    code = "RequestTimeTooSkewed"
    status = 403


class FlowNotExists(Fault):
    """There is no such flow."""

    code = "FlowNotExists"
    status = 404


class ExecutionNotExists(Fault):
    """There is no such execution."""

    code = "ExecutionNotExists"
    status = 404


class ScheduleNotExists(Fault):
    """There is no such schedule."""

    code = "ScheduleNotExists"
    status = 404


class FlowAlreadyExists(Fault):
    """A flow has that name."""

    code = "FlowAlreadyExists"
    status = 409


class ScheduleAlreadyExists(Fault):
    """A schedule has that name."""

    code = "ScheduleAlreadyExists"
    status = 409


class ConcurrentUpdateError(Fault):
    """Somebody else changed the resource at the same time."""

    code = "ConcurrentUpdateError"
    status = 409


class TaskInvalidState(Fault):
    """The task cannot be reported now."""

    code = "TaskInvalidState"
    status = 409


class PreconditionFailed(Fault):
    """The resource is not in the expected version."""

    code = "PreconditionFailed"
    status = 412


class ResourceThrottled(Fault):
    """Too many requests."""

    code = "ResourceThrottled"
    status = 429


_KINDS: dict[str, type[Fault]] = {kind.code: kind for kind in Fault.__subclasses__()}
