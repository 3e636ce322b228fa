"""The switches of the interpreter: documented limits, and every judgement the references mark as inferred."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of fdl.md 6.5; None switches one off. Sizes are UTF-8 bytes of compact JSON."""

    events: int | None = 5_000
    step_bytes: int | None = 32 * 1024
    wait_seconds: int | None = 172_800
    branches: int | None = 100
    foreach_concurrency: int | None = 100
    execution_seconds: int | None = 365 * 86_400


NO_LIMITS = Limits(None, None, None, None, None, None)
"""For benchmarks and stress tests only: the real service has every one of these limits."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How an execution is interpreted.

    `missing_path_is_null` chooses the lenient mode of fdl.md 3.6 (a mapping of a missing path yields null instead of
    failing the step). `fail_fast` cancels the siblings of a failed branch at once (fdl.md 2.8). `turn_steps` bounds the
    steps run in one transition. `fail_is_catchable` lets the catch of a container take what a fail step of whole flows
    raises inside it (cloudflow.md 2.7). `role` is the flow's role, for contexts that show it.
    """

    limits: Limits = field(default_factory=Limits)
    token_key: bytes = b"fnfkit"
    missing_path_is_null: bool = False
    fail_fast: bool = True
    turn_steps: int = 1_000
    fail_is_catchable: bool = False
    role: str = ""
