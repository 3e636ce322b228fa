"""Stages: where a project is deployed to, by name. They are in fnfkit.toml beside it:

[stages.prod]
region = "cn-hangzhou"
profile = "work"
stack = "shop"
bucket = "shop-code"
parameters = { Cron = "@every 5m" }

[stages.prod-aws]
target = "aws"
region = "eu-central-1"
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from fnfkit.cli.files import read_text
from fnfkit.cli.options import CLOUDS
from fnfkit.cli.refusal import Refusal
from fnfkit.model.json import Json

STAGES = "fnfkit.toml"
_KEYS = {
    **dict.fromkeys(("target", "region", "profile", "endpoint", "stack", "bucket"), str),
    "parameters": dict,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A place to deploy to, as fnfkit.toml has it."""

    region: str = ""
    profile: str = ""
    endpoint: str = ""
    stack: str = ""
    bucket: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    target: str = ""


def stage_of(name: str, folder: Path) -> Stage:
    """The stage of a name; an empty one for no name. Raises `Refusal`."""
    return _stage(folder / STAGES, name) if name else Stage()


def _stage(path: Path, name: str) -> Stage:
    if not path.is_file():
        hint = f"write {path} with [stages.{name}], region and profile"
        raise Refusal("NoStages", f"there is no {path}, so no stage {name}", hint)
    try:
        stages: Json = tomllib.loads(read_text(path, "stages")).get("stages", {})
    except tomllib.TOMLDecodeError as error:
        raise Refusal("InvalidStages", f"{path}: {error}") from error
    found = stages.get(name) if isinstance(stages, dict) else None
    if not isinstance(found, dict):
        known = ", ".join(stages) if isinstance(stages, dict) and stages else "none"
        raise Refusal("NoSuchStage", f"{path} has no stage {name}", f"it has: {known}")
    for key, value in found.items():
        if key not in _KEYS or not isinstance(value, _KEYS[key]):
            raise Refusal(
                "InvalidStages", f"{path}: stages.{name}.{key} is not understood", f"keys: {', '.join(_KEYS)}"
            )
    if found.get("target", "") not in ("", *CLOUDS):
        known = f"there are: {', '.join(CLOUDS)}"
        raise Refusal("InvalidStages", f"{path}: stages.{name}.target is no cloud", known)
    parameters = {key: str(value) for key, value in found.get("parameters", {}).items()}
    return Stage(**{**found, "parameters": parameters})
