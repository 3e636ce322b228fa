"""What callers may do who act with a role: the account's policies decide, for roles it knows (ros.md 10)."""

from __future__ import annotations

from collections.abc import Callable

from fnfkit.cloud.ram import AccessKey, Ram
from fnfkit.ports import Fault


def permits(ram: Ram, service: str, code: str) -> Callable[[AccessKey, str], None]:
    """Refuses, under a code, the actions of a service that a session's role may not do. Long-lived keys are the
    account's own and may do everything; so may roles that the account does not know."""

    def permit(caller: AccessKey, action: str) -> None:
        if not caller.id.startswith("STS."):
            return
        denial = ram.allows(caller.arn.rpartition("/")[0], f"{service}:{action}", "*")
        if denial is not None:
            raise Fault.of(code, 403, str(denial))

    return permit
