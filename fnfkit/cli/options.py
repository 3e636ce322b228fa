"""The options that several commands share, as decorators."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

import click

C = TypeVar("C", bound=Callable[..., object])

FILE = click.Path(path_type=Path)
"""The type of arguments that name files and folders; whether they are there is said in the command's own words."""

ALIYUN, AWS = "aliyun", "aws"
CLOUDS = (ALIYUN, AWS)


class ClockKind(StrEnum):
    """Which time an embedded account lives in."""

    VIRTUAL = "virtual"
    REAL = "real"


class RuntimeKind(StrEnum):
    """Where an embedded account runs functions."""

    INLINE = "inline"
    SUBPROCESS = "subprocess"


def as_json(command: C) -> C:
    """`--json`, as `json`."""
    return click.option("--json", is_flag=True, help="Print one JSON object instead of text.")(command)


def from_project(command: C) -> C:
    """`--flow`, as `flow`: which one of a project that has several."""
    return click.option("--flow", metavar="NAME", help="Which flow of a project that has several.")(command)


def connection(command: C) -> C:
    """Which account to speak to, as `endpoint`, `region` and `profile`; empty where nothing is said."""
    options = (
        click.option(
            "--endpoint",
            default="",
            show_default=False,
            envvar="FNFKIT_ENDPOINT",
            help="Where the service is; the region's own if empty.",
        ),
        click.option(
            "--region", default="", show_default=False, envvar="FNFKIT_REGION", help="Region, e.g. cn-hangzhou."
        ),
        click.option(
            "--profile",
            default="",
            show_default=False,
            envvar="FNFKIT_PROFILE",
            help="Profile of ~/.aliyun/config.json to take credentials from.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def target_cloud(command: C) -> C:
    """`--target`, as `cloud`: which cloud a project is for; None for the stage's, or Alibaba Cloud."""
    told = "Cloud to deploy to; the stage's, or aliyun, if left out."
    return click.option("--target", "cloud", type=click.Choice(CLOUDS), help=told)(command)


def functions_folder(command: C) -> C:
    """`--functions`, a folder or None."""
    told = "Folder of functions: SERVICE/FUNCTION/index.py, or FUNCTION/index.py for any service."
    return click.option("--functions", type=FILE, help=told)(command)


def input_object(command: C) -> C:
    """`--input`, for `sources.read_object`."""
    told = "Input as a JSON object, @FILE, or - for standard input."
    return click.option("--input", default="{}", help=told)(command)
