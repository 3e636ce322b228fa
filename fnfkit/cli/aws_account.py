"""An account of AWS for the commands that work on what is there already: its flows, queues and topics."""

from __future__ import annotations

import os

from fnfkit.aws import NoCredentials, Session, SnsTopics, SqsQueues, StepFunctionsFlows, connect
from fnfkit.cli.deploy_stage import Stage
from fnfkit.cli.refusal import UNREACHABLE, Refusal
from fnfkit.ports import Flows, Queues, Topics


def ports_of(endpoint: str, region: str, profile: str) -> tuple[Flows, Queues, Topics]:
    """The ports of the account that options and the environment name. Raises `Refusal`."""
    session = session_of(Stage(), endpoint=endpoint, region=region, profile=profile)
    return StepFunctionsFlows(session), SqsQueues(session), SnsTopics(session)


def session_of(stage: Stage, *, endpoint: str, region: str, profile: str) -> Session:
    """The session that options, the stage and boto3's own variables name, in this order. Raises `Refusal`.

    FNFKIT_ENDPOINT and its like are about Alibaba Cloud, so options that come from there do not count.
    """
    given = {"endpoint": endpoint, "region": region, "profile": profile}
    said = {name: "" if value == os.environ.get(f"FNFKIT_{name.upper()}") else value for name, value in given.items()}
    try:
        return connect(
            endpoint=said["endpoint"] or stage.endpoint,
            region=said["region"] or stage.region,
            profile=said["profile"] or stage.profile,
        )
    except NoCredentials as error:
        raise Refusal("NoCredentials", str(error), exit=UNREACHABLE) from error
