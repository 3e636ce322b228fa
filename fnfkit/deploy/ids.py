"""Logical IDs and names that are derived from the names of a project, the same every time."""

from __future__ import annotations

import hashlib
import re

from fnfkit.model.stack import Sub

LONGEST_ROLE = 49
"""Characters of a role's name before its region; 64 with it (ros.md 8)."""


class Ids:
    """Gives each thing a logical ID of letters and digits (ros.md 3); names that would meet get digits of a hash."""

    def __init__(self) -> None:
        self._taken: dict[str, tuple[str, str]] = {}

    def of(self, name: str, kind: str) -> str:
        """The ID of a thing: `queue-worker` and `Flow` give `QueueWorkerFlow`."""
        words = re.split(r"[^A-Za-z0-9]+", name)
        made = "".join(word[:1].upper() + word[1:] for word in words) + kind
        made = made if made[0].isalpha() else f"X{made}"
        if self._taken.setdefault(made, (name, kind)) == (name, kind):
            return made
        made += hashlib.sha256(name.encode()).hexdigest()[:6]
        self._taken[made] = (name, kind)
        return made


def role_name(stack: str, name: str) -> Sub:
    """The name of a role: account-wide, so with the stack and the region in it (ros.md 14)."""
    return Sub(shortened(f"{stack}-{name}", LONGEST_ROLE) + "-${ALIYUN::Region}")


def policy_name(stack: str, name: str) -> Sub:
    """The name of a policy, account-wide too; it takes no `_` and no `.` (ros.md 9)."""
    return Sub(re.sub(r"[^A-Za-z0-9-]", "-", shortened(f"{stack}-{name}", 100)) + "-${ALIYUN::Region}")


def shortened(name: str, longest: int) -> str:
    """A name of at most so many characters; what is cut off leaves a hash."""
    if len(name) <= longest:
        return name
    return name[: longest - 9] + "-" + hashlib.sha256(name.encode()).hexdigest()[:8]
