"""Resource names: what a task step calls, parsed from and written as ARNs (fdl.md 4.3)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,127}\Z")
"""Flow, execution and schedule names (fdl.md 6.5)."""

_FUNCTION = re.compile(
    r"acs:fc:([a-z0-9-]*):([0-9]*):services/([A-Za-z_][\w-]*)(?:\.([\w-]+))?/functions/([A-Za-z_][\w-]*)\Z"
)
_FUNCTION3 = re.compile(r"acs:fc:([a-z0-9-]*):([0-9]*):functions/([A-Za-z_][\w-]*)(?:/([\w-]+))?\Z")
_MESSAGES = re.compile(r"acs:mns:([a-z0-9-]*):([0-9]*):/(queues|topics)/([A-Za-z0-9][\w-]*)/messages\Z")
_FLOW = re.compile(r"acs:fnf:([a-z0-9-]*):([0-9]*):flow/([A-Za-z_][\w-]{0,127})\Z")

_LONGEST_STEM = 76
"""SQS takes names of 80 characters, the Message Service longer ones."""


@dataclass(frozen=True, slots=True)
class FunctionRef:
    """A Function Compute function. `service` is empty for FC 3 functions, which have none.

    An empty region or account means "the flow's own". Without a qualifier the latest code runs.
    """

    function: str
    service: str = ""
    qualifier: str = ""
    region: str = ""
    account: str = ""

    def __str__(self) -> str:
        head = f"acs:fc:{self.region}:{self.account}:"
        if not self.service:
            return f"{head}functions/{self.function}" + (f"/{self.qualifier}" if self.qualifier else "")
        service = f"{self.service}.{self.qualifier}" if self.qualifier else self.service
        return f"{head}services/{service}/functions/{self.function}"


@dataclass(frozen=True, slots=True)
class QueueRef:
    """An MNS queue, addressed by its messages."""

    queue: str
    region: str = ""
    account: str = ""

    def __str__(self) -> str:
        return f"acs:mns:{self.region}:{self.account}:/queues/{self.queue}/messages"


@dataclass(frozen=True, slots=True)
class TopicRef:
    """An MNS topic, addressed by its messages."""

    topic: str
    region: str = ""
    account: str = ""

    def __str__(self) -> str:
        return f"acs:mns:{self.region}:{self.account}:/topics/{self.topic}/messages"


@dataclass(frozen=True, slots=True)
class FlowRef:
    """Another flow, run as a sub-flow."""

    flow: str
    region: str = ""
    account: str = ""

    def __str__(self) -> str:
        return f"acs:fnf:{self.region}:{self.account}:flow/{self.flow}"


@dataclass(frozen=True, slots=True)
class ActionRef:
    """A cloud API called by `action: service:Api` (fdl.md 4.5)."""

    service: str
    api: str

    def __str__(self) -> str:
        return f"{self.service}:{self.api}"


@dataclass(frozen=True, slots=True)
class Unresolved:
    """A target that deployment fills in: a YAML tag such as `!Ref Service/Function`, or substitution text (fdl.md 1).

    It can be read and written, and it cannot be run. `tag` is empty for plain text.
    """

    tag: str
    text: str

    def __str__(self) -> str:
        return f"{self.tag} {self.text}".strip()


Arn: TypeAlias = FunctionRef | QueueRef | TopicRef | FlowRef
Target: TypeAlias = Arn | ActionRef | Unresolved


def parse_arn(text: str) -> Arn | None:
    """The resource an ARN names, or None if it has none of the forms of fdl.md 4.3."""
    if match := _FUNCTION.match(text):
        region, account, service, qualifier, function = match.groups()
        return FunctionRef(function, service, qualifier or "", region, account)
    if match := _FUNCTION3.match(text):
        region, account, function, qualifier = match.groups()
        return FunctionRef(function, "", qualifier or "", region, account)
    if match := _MESSAGES.match(text):
        region, account, kind, name = match.groups()
        return QueueRef(name, region, account) if kind == "queues" else TopicRef(name, region, account)
    if match := _FLOW.match(text):
        region, account, name = match.groups()
        return FlowRef(name, region, account)
    return None


def dead_letter_queue(queue: str) -> str:
    """The queue that workers of a queue park dead letters in, unless told otherwise."""
    return f"{queue[:_LONGEST_STEM]}-dlq"
