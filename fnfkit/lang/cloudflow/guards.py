"""Retry and Catch rules (cloudflow.md 6)."""

from __future__ import annotations

import math

from fnfkit.lang.cloudflow.constructors import read_constructor
from fnfkit.lang.cloudflow.expressions import CATCH as CATCH_VIEW
from fnfkit.lang.cloudflow.schema import CATCH, LONGEST_INTERVAL, RETRY, THROTTLING
from fnfkit.lang.fdl.findings import Findings, kind
from fnfkit.model.expr import INPUT
from fnfkit.model.flow import Catch, Retry
from fnfkit.model.json import Json, JsonObject
from fnfkit.model.problem import Location


def read_retries(state: JsonObject, at: Location, findings: Findings) -> tuple[Retry, ...]:
    """The Retry rules of a state."""
    rules = findings.list(state, "Retry", at, "E08") or []
    return tuple(_retry(rule, (*at, "Retry", position), findings) for position, rule in enumerate(rules))


def _retry(value: Json, at: Location, findings: Findings) -> Retry:
    rule = findings.mapping(value, at, "a retry rule", "E08")
    if rule is None:
        return Retry(())
    findings.known(rule, RETRY, at, "a retry rule")
    for key in RETRY[:3]:
        if key not in rule:
            findings.error("E08", at, f"the retry rule has no `{key}`", f"add `{key}`")
    errors = _errors(rule, at, findings)
    _warn_of_backoff(rule, errors, at, findings)
    return Retry(
        errors,
        _whole(rule, "IntervalSeconds", at, LONGEST_INTERVAL, 1, findings=findings),
        _whole(rule, "MaxBackoffSeconds", at, LONGEST_INTERVAL, LONGEST_INTERVAL, findings=findings),
        _whole(rule, "MaxAttempts", at, 2**31 - 1, 3, findings=findings),
        _rate(rule, at, findings),
    )


def _warn_of_backoff(rule: JsonObject, errors: tuple[str, ...], at: Location, findings: Findings) -> None:
    """Without a BackoffRate the interval stays as it is, unlike in FDL (cloudflow.md 6)."""
    if "BackoffRate" in rule:
        return
    if throttled := [name for name in errors if name in THROTTLING]:
        message = f"every retry of `{throttled[0]}` comes after the same interval: there is no `BackoffRate`"
        findings.warn("S10", at, message, "add `BackoffRate: 2`")
    if "MaxBackoffSeconds" in rule:
        message = "`MaxBackoffSeconds` does nothing without a `BackoffRate`"
        findings.warn("S12", (*at, "MaxBackoffSeconds"), message, "add `BackoffRate: 2`, or leave it out")


def _whole(owner: JsonObject, key: str, at: Location, most: int, default: int, *, findings: Findings) -> int:
    value = owner.get(key, default)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most:
        return value
    message = f"`{key}` must be a whole number from 0 to {most}, not {kind(value)}"
    findings.error("E08", (*at, key), message, f"write `{key}: {default}`")
    return default


def _rate(rule: JsonObject, at: Location, findings: Findings) -> float:
    value = rule.get("BackoffRate", 1)  # absent: the interval stays as it is (cloudflow.md 6)
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value >= 1:
        return value
    message = f"`BackoffRate` must be a number of 1 or more, not {kind(value)}"
    findings.error("E08", (*at, "BackoffRate"), message, "leave it out for a constant interval")
    return 1


def read_catches(state: JsonObject, at: Location, findings: Findings) -> tuple[Catch, ...]:
    """The Catch rules of a state; without an OutputConstructor the target gets the state's input (inferred, 6)."""
    rules = findings.list(state, "Catch", at, "E08") or []
    return tuple(_catch(rule, (*at, "Catch", position), findings) for position, rule in enumerate(rules))


def _catch(value: Json, at: Location, findings: Findings) -> Catch:
    rule = findings.mapping(value, at, "a catch rule", "E08")
    if rule is None:
        return Catch((), "", INPUT)
    findings.known(rule, CATCH, at, "a catch rule")
    goto = findings.text(rule, "Next", at, "E08")
    if "Next" not in rule:
        findings.error("E08", at, "the catch rule has no `Next`", "name a state of the same States: `Next: Name`")
    gives = read_constructor(rule, "OutputConstructor", at, CATCH_VIEW, findings)
    return Catch(_errors(rule, at, findings), goto or "", INPUT if gives is None else gives)


def _errors(owner: JsonObject, at: Location, findings: Findings) -> tuple[str, ...]:
    names = findings.list(owner, "Errors", at, "E08")
    if not names and (names is not None or "Errors" not in owner):
        findings.error("E08", at, "`Errors` names no error", "write `Errors: [FnF.ALL]`")
    for position, name in enumerate(names or ()):
        if not isinstance(name, str):
            place = (*at, "Errors", position)
            findings.error("E08", place, f"an error name must be text, not {kind(name)}", "such as FC.Unknown")
    return tuple(name for name in names or () if isinstance(name, str))
