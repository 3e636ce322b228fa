"""Where is deployed: the embedded account on this machine, unless a stage names the real cloud.

Stages are in fnfkit.toml beside the project:

    [stages.prod]
    region = "cn-hangzhou"
    profile = "work"
    stack = "shop"
    bucket = "shop-code"
    parameters = { Cron = "@every 5m" }
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from fnfkit.aliyun import AliyunFlows, AliyunStacks, Key, NoCredentials, Session, connect
from fnfkit.aliyun.objects import AliyunObjects
from fnfkit.aliyun.session import is_local, url
from fnfkit.cli.files import read_text
from fnfkit.cli.refusal import UNREACHABLE, Refusal
from fnfkit.cloud.ram import DEFAULT_KEY_ID, DEFAULT_KEY_SECRET
from fnfkit.model.json import Json
from fnfkit.ports import Flows, Objects, Stacks
from fnfkit.server.address import DEFAULT_PORT

STAGES = "fnfkit.toml"
LOCAL = "local"
LOCAL_BUCKET = "fnfkit-code"
LOCAL_ENDPOINT = f"http://127.0.0.1:{DEFAULT_PORT}"
_KEYS = {"region": str, "profile": str, "endpoint": str, "stack": str, "bucket": str, "parameters": dict}
_VARIABLES = ("ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIYUN_ACCESS_KEY_ID")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A place to deploy to, as fnfkit.toml has it."""

    region: str = ""
    profile: str = ""
    endpoint: str = ""
    stack: str = ""
    bucket: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """An account. `name` is the stage's, or `local`; `place` is what people and records call it."""

    name: str
    session: Session
    stage: Stage

    @property
    def real(self) -> bool:
        """Whether it is not on this machine."""
        return not is_local(self.session.endpoint)

    @property
    def place(self) -> str:
        """Its endpoint, or its region."""
        return self.session.endpoint or self.session.region

    def stacks(self) -> Stacks:
        """Its stacks."""
        return AliyunStacks(self.session)

    @property
    def bucket(self) -> str:
        """Where code goes that does not fit into a template; empty for nowhere."""
        return self.stage.bucket or ("" if self.real else LOCAL_BUCKET)

    def objects(self) -> Objects:
        """Its object storage."""
        return AliyunObjects(self.session)

    def flows(self) -> Flows:
        """Its flows."""
        return AliyunFlows(self.session)


def target_of(stage: str, endpoint: str, region: str, profile: str, *, folder: Path) -> Target:
    """The account that options and stage name. Raises `Refusal`: for another machine without a stage too."""
    if not stage:
        where = endpoint or LOCAL_ENDPOINT
        if not is_local(where):
            hint = f"describe it in {STAGES} as [stages.NAME], and give --stage NAME"
            raise Refusal("StageNeeded", f"{where} is not on this machine: that is deployed to by stage only", hint)
        return Target(name=LOCAL, session=_local(where, region, profile), stage=Stage())
    found = _stage(folder / STAGES, stage)
    where = endpoint or found.endpoint
    if where and is_local(where):
        session = _local(where, region or found.region, profile or found.profile)
    else:
        session = _session(where, region or found.region, profile or found.profile)
    return Target(name=stage, session=session, stage=found)


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
    parameters = {key: str(value) for key, value in found.get("parameters", {}).items()}
    return Stage(**{**found, "parameters": parameters})


def _local(endpoint: str, region: str, profile: str) -> Session:
    """An embedded account: with the key it starts with, unless another one is given for it."""
    if profile or any(os.environ.get(name) for name in _VARIABLES):
        return _session(endpoint, region, profile)
    key = Key(DEFAULT_KEY_ID, DEFAULT_KEY_SECRET)
    return Session(key, region, url(endpoint)) if region else Session(key, endpoint=url(endpoint))


def _session(endpoint: str, region: str, profile: str) -> Session:
    environ = dict(os.environ)
    if profile:
        # A profile that is asked for by name beats keys that happen to be in the environment.
        environ = {name: value for name, value in environ.items() if "_ACCESS_KEY_" not in name}
        environ.pop("ALIBABA_CLOUD_SECURITY_TOKEN", None)
        environ["ALIBABA_CLOUD_PROFILE"] = profile
    try:
        return connect(region=region, endpoint=endpoint, environ=environ)
    except NoCredentials as error:
        raise Refusal("NoCredentials", str(error), exit=UNREACHABLE) from error
