"""What to do about the reasons that services give."""

from __future__ import annotations

_HINTS = (
    (
        ("already exist", "alreadyexists", "its name already"),
        "something of that name is there already: rename it, or delete the other",
    ),
    (
        ("forbidden", "nopermission", "not authorized", "accessdenied"),
        "the identity that deploys lacks a right: see infra/",
    ),
    (
        ("replacement", "not updatable", "can not be updated"),
        "a property cannot change in place: deploy with --force to make it anew",
    ),
    (("quota", "limit"), "the account has reached a limit: delete what is not needed, or have it raised"),
    (("timeout", "timed out"), "deploy again: what was made is kept or taken back"),
    (("role", "assume"), "a new role takes a moment to be known: deploy again"),
)


def hint_for(reason: str) -> str:
    """The hint for a reason; empty if none is known."""
    folded = reason.lower()
    return next((hint for words, hint in _HINTS if any(word in folded for word in words)), "")
