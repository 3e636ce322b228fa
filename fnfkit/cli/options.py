"""The options that several commands share."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeAlias

import typer


class ClockKind(StrEnum):
    """Which time an embedded account lives in."""

    VIRTUAL = "virtual"
    REAL = "real"


AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]
Endpoint: TypeAlias = Annotated[
    str, typer.Option(envvar="FNFKIT_ENDPOINT", help="Where the service is; the region's own if empty.")
]
Region: TypeAlias = Annotated[str, typer.Option(envvar="FNFKIT_REGION", help="Region, e.g. cn-hangzhou.")]
Profile: TypeAlias = Annotated[
    str, typer.Option(envvar="FNFKIT_PROFILE", help="Profile of ~/.aliyun/config.json to take credentials from.")
]
Functions: TypeAlias = Annotated[
    Path | None,
    typer.Option(help="Folder of functions: SERVICE/FUNCTION/index.py, or FUNCTION/index.py for any service."),
]
Input: TypeAlias = Annotated[str, typer.Option(help="Input as a JSON object, @FILE, or - for standard input.")]
FlowName: TypeAlias = Annotated[str, typer.Argument(metavar="FLOW", help="Name of the flow.")]
ExecutionName: TypeAlias = Annotated[str, typer.Argument(metavar="EXECUTION", help="Name of the execution.")]
