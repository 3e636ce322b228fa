"""AWS as the place to deploy to, over boto3: an account by its own chain of credentials, or an emulator."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from fnfkit.aws import Session
from fnfkit.aws.objects import AwsObjects
from fnfkit.aws.stacks import AwsStacks
from fnfkit.cli.aws_account import session_of
from fnfkit.cli.deploy_stage import Stage
from fnfkit.cli.options import AWS
from fnfkit.deploy import find
from fnfkit.deploy.shelf import prefix_of
from fnfkit.ports import Objects, Stacks


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsTarget:
    """An account of AWS in a region."""

    name: str
    session: Session
    stage: Stage

    @property
    def real(self) -> bool:
        """Whether it is not an emulator on this machine."""
        return not self.session.local

    @property
    def place(self) -> str:
        """Its endpoint, or its region."""
        return self.session.endpoint or f"AWS {self.session.region}"

    @property
    def bucket(self) -> str:
        """Where code goes: the stage's bucket, or one that is made for the account and the region."""
        return self.stage.bucket or f"fnfkit-{self.session.account}-{self.session.region}"

    def stacks(self) -> Stacks:
        """Its stacks."""
        return AwsStacks(self.session, bucket=self.bucket)

    def objects(self) -> Objects:
        """Its object storage."""
        return AwsObjects(self.session)

    def flows(self) -> None:
        """Drift is not looked for: CloudFormation detects it itself, and takes its time for that."""

    @property
    def cloud(self) -> str:
        """AWS."""
        return AWS

    def uploaded(self, stack: str, templates: Iterable[str]) -> tuple[str, ...]:
        """The keys of archives that templates of a stack name, its present one too; they hold the stack's name."""
        record = find(self.stacks(), stack)
        present = [] if record is None else [self.stacks().get_template(record.id, original=True)]
        return tuple(sorted({key for text in (*templates, *present) for key in _keys(stack, text)}))


def connected(stage: Stage, name: str, *, endpoint: str, region: str, profile: str) -> AwsTarget:
    """The account that options, stage and the environment name. Raises `Refusal`."""
    session = session_of(stage, endpoint=endpoint, region=region, profile=profile)
    return AwsTarget(name=name, session=session, stage=stage)


def _keys(stack: str, text: str) -> list[str]:
    return re.findall(rf"{re.escape(prefix_of(stack))}[0-9a-f]{{64}}\.zip", text)
