"""`fnfkit doctor`: whether deploying could work, and if not, what is in the way."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from fnfkit.cli.blocks import Line, Tone
from fnfkit.cli.deploy_target import AliyunTarget, aliyun_target
from fnfkit.cli.options import as_json, connection
from fnfkit.cli.output import result
from fnfkit.cli.refusal import DONE, REFUSED, Refusal
from fnfkit.cli.skew import skew_of
from fnfkit.ports import Fault

MOST_SKEW = 15 * 60
"""Seconds a request's time may be off before services refuse it (api-signing.md 2)."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    check: str
    ok: bool
    told: str
    hint: str = ""


@click.command("doctor")
@click.option("--stage", default="", show_default=False, metavar="S", help="Stage in fnfkit.toml of this folder.")
@connection
@as_json
def doctor(stage: str, endpoint: str, region: str, profile: str, json: bool) -> int:
    """Check credentials, region, endpoint, permissions and the clock.

    Nothing is changed. Exits with 1 on a fault.
    """
    found = list(_findings(stage, endpoint, region, profile))
    lines = [
        Line(
            f"{'ok  ' if one.ok else 'FAIL'} {one.check:<12} {one.told}" + (f" ({one.hint})" if one.hint else ""),
            Tone.GOOD if one.ok else Tone.BAD,
        )
        for one in found
    ]
    data = [{"check": one.check, "ok": one.ok, "message": one.told, "hint": one.hint} for one in found]
    result(data, lines, as_json=json)
    return DONE if all(one.ok for one in found) else REFUSED


def _findings(stage: str, endpoint: str, region: str, profile: str) -> Iterator[Finding]:
    try:
        target = aliyun_target(stage, endpoint, region, profile, folder=Path())
    except Refusal as refusal:
        yield Finding("credentials", False, refusal.message, refusal.hint)
        return
    kind = type(target.session.credentials).__name__
    yield Finding("credentials", True, f"{kind} for {target.name}")
    yield Finding("region", bool(target.session.region), target.session.region)
    reached = _asked("flows", lambda: target.flows().list_flows(limit=1))
    yield _endpoint(target, reached)
    if reached.hint == _UNREACHED:
        return
    yield reached
    yield _asked("stacks", lambda: target.stacks().list_stacks(size=1))
    yield _clock(target)


_UNREACHED = "is the endpoint right, and is `fnfkit dev` running there?"


def _endpoint(target: AliyunTarget, reached: Finding) -> Finding:
    if reached.hint == _UNREACHED:
        return Finding("endpoint", False, f"{target.place} gives no answer", _UNREACHED)
    return Finding("endpoint", True, f"{target.place} answers")


def _asked(name: str, ask: Callable[[], object]) -> Finding:
    """Whether the identity may list something."""
    try:
        ask()
    except Fault as fault:
        hint = f"grant the rights of infra/operator.json ({fault.code})" if fault.status else _UNREACHED
        return Finding(name, False, fault.message, hint)
    return Finding(name, True, f"{name} can be listed")


def _clock(target: AliyunTarget) -> Finding:
    """Services refuse requests whose time is off. An embedded account may live in a time of its own and takes all."""
    if not target.real:
        return Finding("clock", True, "an embedded account takes any time")
    skew = skew_of(target.session.region, time.time())
    if skew is None:
        return Finding("clock", True, "nothing tells the time there")
    ok = abs(skew) < MOST_SKEW
    return Finding("clock", ok, f"{skew:+.0f} s from the service's", "" if ok else "set the clock of this machine")
