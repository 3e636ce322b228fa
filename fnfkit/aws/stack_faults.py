"""The refusals of CloudFormation. Most share one code, and only their texts tell them apart."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from fnfkit.aws.session import Session
from fnfkit.ports import (
    ActionInProgress,
    ChangeSetExists,
    ChangeSetNotFound,
    DeletionProtected,
    Fault,
    InvalidArgument,
    InvalidTemplate,
    NotSupported,
    ResourceNotFound,
    StackExists,
    StackNotFound,
    UserParameterMissing,
)

_CODES: dict[str, type[Fault]] = {
    "AlreadyExistsException": StackExists,
    "ChangeSetNotFound": ChangeSetNotFound,
    "ChangeSetNotFoundException": ChangeSetNotFound,
    "InvalidChangeSetStatus": NotSupported,
    "InvalidChangeSetStatusException": NotSupported,
    "TokenAlreadyExistsException": ActionInProgress,
}
_CHANGE_SETS: dict[str, type[Fault]] = {**_CODES, "AlreadyExistsException": ChangeSetExists}

_TEXTS: tuple[tuple[tuple[str, ...], type[Fault]], ...] = (
    (("no updates are to be performed",), NotSupported),
    (("resource", "does not exist for stack"), ResourceNotFound),
    (("stack", "does not exist"), StackNotFound),
    (("_in_progress state",), ActionInProgress),
    (("terminationprotection",), DeletionProtected),
    (("termination protection",), DeletionProtected),
    (("must have values",), UserParameterMissing),
    (("missing parameter",), UserParameterMissing),
    (("template", "error"), InvalidTemplate),
)
"""Words that a ValidationError has all of, and what it means."""


@contextmanager
def stack_faults(session: Session, where: str, *, change_set: bool = False) -> Iterator[None]:
    """Turns what boto3 raises into the faults of `fnfkit.ports.Stacks`."""
    try:
        with session.faults(where, _CHANGE_SETS if change_set else _CODES):
            yield
    except InvalidArgument as fault:
        said = fault.message.lower()
        kinds = (kind for words, kind in _TEXTS if all(word in said for word in words))
        raise next(kinds, InvalidArgument)(fault.message) from None
