"""Where drift of a stack is looked for: the services of the target that hold what its template has."""

from __future__ import annotations

import os

from fnfkit.aliyun import NoCredentials
from fnfkit.aliyun.mns_client import connect_mns
from fnfkit.aliyun.queues import MnsQueues
from fnfkit.aliyun.roles import AliyunRoles, account_of
from fnfkit.aliyun.topics import MnsTopics
from fnfkit.cli.deploy_target import AliyunTarget, Target
from fnfkit.cli.output import progress
from fnfkit.cli.refusal import Refusal
from fnfkit.cli.wiring import functions_of
from fnfkit.deploy import Live
from fnfkit.model.stack import Template
from fnfkit.ports import Fault, Queues, Topics
from fnfkit.ports.functions import Functions

_FUNCTIONS = {"FC", "FC3", "Serverless"}
_MESSAGES = {"MNS", "Serverless"}


def live_of(target: Target, template: Template) -> Live:
    """The ports of what a template has; what cannot be reached is told, and is not looked at."""
    if not isinstance(target, AliyunTarget):
        return Live(flows=target.flows())
    kinds = {part for resource in template.resources for part in resource.type.split("::")[1:2]}
    account = _account(target) if kinds & (_FUNCTIONS | _MESSAGES) else ""
    services, functions = _functions(target, account) if kinds & _FUNCTIONS else (None, None)
    queues, topics = _messages(target, account) if kinds & _MESSAGES else (None, None)
    return Live(
        flows=target.flows(),
        services=services,
        functions=functions,
        queues=queues,
        topics=topics,
        roles=AliyunRoles(target.session),
        objects=target.objects(),
    )


def _account(target: AliyunTarget) -> str:
    """Addresses of the real services have the account's number in them."""
    given = os.environ.get("FNFKIT_ACCOUNT_ID", "")
    if given or not target.real:
        return given
    try:
        return account_of(target.session)
    except Fault:
        return ""


def _functions(target: AliyunTarget, account: str) -> tuple[Functions, Functions] | tuple[None, None]:
    try:
        return functions_of(target.session, account)
    except (Refusal, NoCredentials) as refused:
        progress(f"drift of functions is not looked for: {refused}")
        return None, None


def _messages(target: AliyunTarget, account: str) -> tuple[Queues, Topics] | tuple[None, None]:
    try:
        client = connect_mns(target.session, account)
    except NoCredentials as refused:
        progress(f"drift of queues and topics is not looked for: {refused}")
        return None, None
    return MnsQueues(client), MnsTopics(client)
