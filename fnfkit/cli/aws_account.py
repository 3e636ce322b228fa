"""An account of AWS for the commands that work on what is there already: its flows, queues and topics."""

from __future__ import annotations

import os

from fnfkit.aws import NoCredentials, Session, SnsTopics, SqsQueues, StepFunctionsFlows, connect
from fnfkit.cli.refusal import UNREACHABLE, Refusal
from fnfkit.ports import Flows, Queues, Topics


def ports_of(endpoint: str, region: str, profile: str) -> tuple[Flows, Queues, Topics]:
    """The ports of the account that options and the environment name. Raises `Refusal`."""
    session = _session(endpoint, region, profile)
    return StepFunctionsFlows(session), SqsQueues(session), SnsTopics(session)


def _session(endpoint: str, region: str, profile: str) -> Session:
    """FNFKIT_ENDPOINT and its like are about Alibaba Cloud: of them boto3's own variables are right here."""
    given = {"endpoint": endpoint, "region": region, "profile": profile}
    said = {name: "" if value == os.environ.get(f"FNFKIT_{name.upper()}") else value for name, value in given.items()}
    try:
        return connect(**said)
    except NoCredentials as error:
        raise Refusal("NoCredentials", str(error), exit=UNREACHABLE) from error
