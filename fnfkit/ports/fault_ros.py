"""The ways Resource Orchestration refuses a call. Codes and statuses are api-ros.md 6."""

from __future__ import annotations

from fnfkit.ports.fault import Fault


class StackNotFound(Fault):
    """There is no such stack."""

    code = "StackNotFound"
    status = 404


class StackExists(Fault):
    """A live stack has that name."""

    code = "StackExists"
    status = 409


class ActionInProgress(Fault):
    """The stack is being changed already."""

    code = "ActionInProgress"
    status = 409


class ResourceNotFound(Fault):
    """The stack has no such resource."""

    code = "ResourceNotFound"
    status = 404


class ChangeSetNotFound(Fault):
    """There is no such change set."""

    code = "ChangeSetNotFound"
    status = 404


class ChangeSetExists(Fault):
    """The stack has a change set of that name."""

    code = "ChangeSetExists"
    status = 409


class NotSupported(Fault):
    """The call would change nothing, or is not possible now; the status is inferred (api-ros.md 5)."""

    code = "NotSupported"
    status = 400


class DeletionProtected(Fault):
    """The stack is protected from deletion."""

    code = "InvalidOperation.DeletionProtection"
    status = 400


class InvalidTemplate(Fault):
    """ValidateTemplate has found something."""

    code = "InvalidTemplate"
    status = 400


class InvalidSchema(Fault):
    """The text is not a template."""

    code = "InvalidSchema"
    status = 400


class StackValidationFailed(Fault):
    """A resource of the template cannot be made as it stands."""

    code = "StackValidationFailed"
    status = 400


class CircularDependency(Fault):
    """Resources depend on each other in a circle."""

    code = "CircularDependency"
    status = 400


class InvalidTemplateReference(Fault):
    """A name in the template leads nowhere."""

    code = "InvalidTemplateReference"
    status = 400


class InvalidTemplateAttribute(Fault):
    """A resource has no such attribute."""

    code = "InvalidTemplateAttribute"
    status = 400


class InvalidTemplateVersion(Fault):
    """The template has another version, or none."""

    code = "InvalidTemplateVersion"
    status = 400


class UnknownUserParameter(Fault):
    """A value is given for a parameter that the template does not have."""

    code = "UnknownUserParameter"
    status = 400


class UserParameterMissing(Fault):
    """A parameter has neither a value nor a default."""

    code = "UserParameterMissing"
    status = 400


class StackPolicyValidationFailed(Fault):
    """The policy of the stack does not allow a change."""

    code = "StackPolicyValidationFailed"
    status = 400


class ContinueCreateStackValidationFailed(Fault):
    """The creation of the stack cannot go on like this."""

    code = "ContinueCreateStackValidationFailed"
    status = 400


class ResourceNotAvailable(Fault):
    """The resource takes no signals now."""

    code = "ResourceNotAvailable"
    status = 404


class InvalidParameter(Fault):
    """A parameter of the call is present and wrong."""

    code = "InvalidParameter"
    status = 400


class MissingParameter(Fault):
    """A parameter of the call is absent."""

    code = "MissingParameter"
    status = 400


class InvalidIdempotenceParameter(Fault):
    """A client token is used again with other parameters."""

    code = "InvalidIdempotenceParameter"
    status = 400


_KINDS: dict[str, type[Fault]] = {kind.code: kind for kind in Fault.__subclasses__() if kind.__module__ == __name__}


def ros_fault(code: str, status: int, message: str) -> Fault:
    """The fault of an error code; an unknown code becomes a plain `Fault` with that code and status."""
    kind = _KINDS.get(code)
    return kind(message) if kind else Fault.of(code, status, message)
