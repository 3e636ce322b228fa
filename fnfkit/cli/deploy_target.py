"""Where is deployed: the embedded account on this machine, unless a stage names the real cloud, or AWS is asked for."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from fnfkit.aliyun import AliyunFlows, AliyunStacks, Key, NoCredentials, Session, connect
from fnfkit.aliyun.objects import AliyunObjects
from fnfkit.aliyun.session import is_local, url
from fnfkit.cli.deploy_named import stack_name
from fnfkit.cli.deploy_options import Where
from fnfkit.cli.deploy_source import Source, folder_of, source_of
from fnfkit.cli.deploy_stage import STAGES, Stage, stage_of
from fnfkit.cli.options import ALIYUN, AWS
from fnfkit.cli.refusal import UNREACHABLE, Refusal
from fnfkit.cli.wiring import aws_target
from fnfkit.cloud.ram import DEFAULT_KEY_ID, DEFAULT_KEY_SECRET
from fnfkit.ports import Flows, Objects, Stacks
from fnfkit.server.address import DEFAULT_PORT

LOCAL = "local"
LOCAL_BUCKET = "fnfkit-code"
LOCAL_ENDPOINT = f"http://127.0.0.1:{DEFAULT_PORT}"
_VARIABLES = ("ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIYUN_ACCESS_KEY_ID")


class Target(Protocol):
    """An account. `name` is the stage's, or `local` or `aws`; `place` is what people and records call it, `real` tells
    that it is not on this machine, and `bucket` where code goes, empty for nowhere."""

    @property
    def name(self) -> str: ...

    @property
    def stage(self) -> Stage: ...

    @property
    def real(self) -> bool: ...

    @property
    def place(self) -> str: ...

    @property
    def cloud(self) -> str: ...

    @property
    def bucket(self) -> str: ...

    def stacks(self) -> Stacks:
        """Its stacks."""
        ...

    def objects(self) -> Objects:
        """Its object storage."""
        ...

    def flows(self) -> Flows | None:
        """Its flows, where drift can be told by them."""
        ...

    def uploaded(self, stack: str, templates: Iterable[str]) -> tuple[str, ...]:
        """The objects that are a stack's own, and go with it: those that its templates of old and its present one name.
        Raises `Fault`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class AliyunTarget:
    """An account of Alibaba Cloud, or an embedded one."""

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

    @property
    def cloud(self) -> str:
        """Alibaba Cloud."""
        return ALIYUN

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

    def uploaded(self, stack: str, templates: Iterable[str]) -> tuple[str, ...]:
        """None: code is named after its content, and other stacks may have the same."""
        return ()


def source_for(target: Target, where: Where) -> Source:
    """What a path names, made for an account. Raises `Refusal`."""
    stack = where.stack or target.stage.stack
    return source_of(where.path, stack, where.stage, cloud=target.cloud, expand=target.real, bucket=target.bucket)


def name_for(target: Target, where: Where) -> str:
    """The name of the stack that a path is in an account. Raises `Refusal`."""
    return stack_name(where.path, where.stack or target.stage.stack, where.stage, cloud=target.cloud)


def target_of(where: Where) -> Target:
    """The account that options and stage name. Raises `Refusal`: for another machine without a stage too."""
    folder, stage = folder_of(where.path), where.stage
    found = stage_of(stage, folder)
    if (where.cloud or found.target) == AWS:
        name = stage or AWS
        return aws_target(found, name, endpoint=where.endpoint, region=where.region, profile=where.profile)
    return aliyun_target(stage, where.endpoint, where.region, where.profile, folder=folder)


def aliyun_target(stage: str, endpoint: str, region: str, profile: str, *, folder: Path) -> AliyunTarget:
    """The account on Alibaba Cloud, or on this machine. Raises `Refusal`, for a stage on AWS too."""
    if not stage:
        where = endpoint or LOCAL_ENDPOINT
        if not is_local(where):
            hint = f"describe it in {STAGES} as [stages.NAME], and give --stage NAME"
            raise Refusal("StageNeeded", f"{where} is not on this machine: that is deployed to by stage only", hint)
        return AliyunTarget(name=LOCAL, session=_local(where, region, profile), stage=Stage())
    found = stage_of(stage, folder)
    if found.target == AWS:
        hint = "the commands about stacks know it: diff, deploy, outputs, rollback, destroy"
        raise Refusal("OtherCloud", f"the stage {stage} is on AWS", hint)
    where = endpoint or found.endpoint
    if where and is_local(where):
        session = _local(where, region or found.region, profile or found.profile)
    else:
        session = _session(where, region or found.region, profile or found.profile)
    return AliyunTarget(name=stage, session=session, stage=found)


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
