"""The account a command works on: `--target`, the options of the connection, and the ports that these name."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import click

from fnfkit.cli.options import ALIYUN, AWS, CLOUDS, connection
from fnfkit.cli.wiring import aws_ports, messages, remote
from fnfkit.ports import Flows, Queues

C = TypeVar("C", bound=Callable[..., object])


def account(command: C) -> C:
    """`--target` and the connection, as `target`, `endpoint`, `region` and `profile`."""
    told = "Cloud the account is in; aws finds it as every AWS tool does."
    return click.option("--target", type=click.Choice(CLOUDS), default=ALIYUN, help=told)(connection(command))


def flows_at(target: str, endpoint: str, region: str, profile: str) -> Flows:
    """The flows of an account, by what `account` gives."""
    if target == AWS:
        return aws_ports(endpoint, region, profile)[0]
    return remote(endpoint, region, profile)


def queues_at(target: str, endpoint: str, region: str, profile: str) -> Queues:
    """The queues of an account, by what `account` gives."""
    if target == AWS:
        return aws_ports(endpoint, region, profile)[1]
    return messages(endpoint, region, profile)[0]
