"""Drift of a deployed stack, told by `fnfkit diff` over HTTP for everything that the account lets be looked at."""

from __future__ import annotations

import base64
import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from deploy_accounts import Cli

from fnfkit.aliyun.roles import AliyunRoles, account_of
from fnfkit.aliyun.session import Key, Session
from fnfkit.cloud.cloud import Cloud
from fnfkit.cloud.ram import DEFAULT_KEY_ID, DEFAULT_KEY_SECRET
from fnfkit.ports import Fault, NotifyStrategy, QueueAttributes
from fnfkit.ports.functions import AsyncConfig, FunctionSettings
from fnfkit.server.account import serving_account


def archive(**files: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as opened:
        for name, text in files.items():
            opened.writestr(f"{name}.py", text)
    return buffer.getvalue()


WORK = "def handler(event, context):\n    return event\n"
ZIPPED = base64.b64encode(archive(index=WORK, more="x = 1\n")).decode()
TEMPLATE = f"""ROSTemplateFormatVersion: '2015-09-01'
Parameters:
  Secret: {{Type: String, NoEcho: true, Default: hush}}
  Seconds: {{Type: Number, Default: 30}}
Resources:
  Role:
    Type: ALIYUN::RAM::Role
    Properties:
      RoleName: {{'Fn::Sub': 'Shop-${{ALIYUN::Region}}'}}
      AssumeRolePolicyDocument:
        Version: 1
        Statement: [{{Action: 'sts:AssumeRole', Effect: Allow, Principal: {{Service: [fc.aliyuncs.com]}}}}]
      Policies:
        - PolicyName: shop-send
          PolicyDocument:
            Version: '1'
            Statement:
              - Effect: Allow
                Action: ['mns:SendMessage']
                Resource:
                  - Fn::Sub: acs:mns:${{ALIYUN::Region}}:${{ALIYUN::TenantId}}:/queues/${{Queue.QueueName}}/messages
      PolicyAttachments: {{System: [AliyunFCInvocationAccess]}}
  Attached:
    Type: ALIYUN::RAM::AttachPolicyToRole
    Properties:
      RoleName: {{'Fn::GetAtt': [Role, RoleName]}}
      PolicyType: System
      PolicyName: AliyunLogReadOnlyAccess
  Policy:
    Type: ALIYUN::RAM::ManagedPolicy
    Properties:
      PolicyName: shop-worker
      Roles: [{{'Fn::GetAtt': [Role, RoleName]}}]
      PolicyDocument:
        Version: '1'
        Statement: [{{Effect: Allow, Action: ['mns:ReceiveMessage', 'mns:DeleteMessage'], Resource: ['*']}}]
  Queue:
    Type: ALIYUN::MNS::Queue
    Properties: {{QueueName: jobs, VisibilityTimeout: {{Ref: Seconds}}, DelaySeconds: 0}}
  Topic:
    Type: ALIYUN::MNS::Topic
    Properties: {{TopicName: news, MaximumMessageSize: 1024}}
  Subscription:
    Type: ALIYUN::MNS::Subscription
    Properties:
      TopicName: {{'Fn::GetAtt': [Topic, TopicName]}}
      SubscriptionName: mine
      Endpoint: {{'Fn::Sub': 'acs:mns:${{ALIYUN::Region}}:${{ALIYUN::TenantId}}:queues/${{Queue.QueueName}}'}}
      NotifyContentFormat: SIMPLIFIED
  Service:
    Type: ALIYUN::FC::Service
    Properties: {{ServiceName: shop, Description: a shop, Role: {{'Fn::GetAtt': [Role, Arn]}}}}
  Work:
    Type: ALIYUN::FC::Function
    Properties:
      ServiceName: {{'Fn::GetAtt': [Service, ServiceName]}}
      FunctionName: work
      Handler: index.handler
      Runtime: python3
      Timeout: '60'
      MemorySize: 256
      EnvironmentVariables: {{MODE: fast, TOKEN: {{Ref: Secret}}}}
      AsyncConfiguration: {{StatefulInvocation: true}}
      Code: {{ZipFile: {ZIPPED}}}
  Version:
    Type: ALIYUN::FC::Version
    DependsOn: Work
    Properties: {{ServiceName: {{'Fn::GetAtt': [Service, ServiceName]}}}}
  Alias:
    Type: ALIYUN::FC::Alias
    Properties:
      ServiceName: {{'Fn::GetAtt': [Service, ServiceName]}}
      AliasName: online
      VersionId: {{'Fn::GetAtt': [Version, VersionId]}}
  Small:
    Type: ALIYUN::FC3::Function
    Properties:
      FunctionName: small
      Handler: index.handler
      Runtime: python3.10
      Role: {{'Fn::GetAtt': [Role, Arn]}}
      Code: {{SourceCode: "{WORK.encode("unicode_escape").decode()}"}}
  SmallAsync:
    Type: ALIYUN::FC3::AsyncInvokeConfig
    Properties: {{FunctionName: {{'Fn::GetAtt': [Small, FunctionName]}}, AsyncTask: true, MaxAsyncRetryAttempts: 2}}
  Stored:
    Type: ALIYUN::FC3::Function
    Properties:
      FunctionName: stored
      Handler: index.handler
      Runtime: python3.10
      Code: {{OssBucketName: shop-code, OssObjectName: stored.zip}}
  Flow:
    Type: ALIYUN::FNF::Flow
    Properties:
      Name: main
      Description: the main one
      RoleArn: {{'Fn::GetAtt': [Role, Arn]}}
      Definition:
        Fn::Replace:
          - <name>: only
          - |
            version: v1
            type: flow
            steps:
              - type: pass
                name: <name>
  Schedule:
    Type: ALIYUN::FNF::Schedule
    Properties:
      FlowName: {{'Fn::GetAtt': [Flow, Name]}}
      ScheduleName: tick
      CronExpression: '@every 5m'
      Enable: true
"""
DEFINITION = "version: v1\ntype: flow\nsteps:\n  - type: pass\n    name: %s\n"


@pytest.fixture
def stack(cli: Cli, served: Cloud, tmp_path: Path) -> Path:
    served.objects.put("shop-code", "stored.zip", archive(index=WORK))
    file = tmp_path / "stack" / "template.yml"
    file.parent.mkdir()
    file.write_text(TEMPLATE, "utf-8")
    said = cli("deploy", file, "--stack", "shop", "--parameter", "Secret=other", "--yes")
    assert said.exit == 0, said.err
    return file


@pytest.fixture
def drifts(cli: Cli, stack: Path) -> Callable[[], list[tuple[str, str]]]:
    def look() -> list[tuple[str, str]]:
        data = cli("diff", stack, "--stack", "shop", "--json").data
        assert data["same"] is True
        return [(one["id"], one["message"]) for one in data["drifts"]]

    return look


Look = Callable[[], list[tuple[str, str]]]


def test_what_was_just_deployed_has_not_drifted(drifts: Look) -> None:
    assert drifts() == []


def settings(cloud: Cloud) -> None:
    new = FunctionSettings(timeout=90, memory=512, environment={"MODE": "slow", "EXTRA": "1", "PATH": "/bin"})
    cloud.fc.update_function("shop", "work", new)


def code(cloud: Cloud) -> None:
    cloud.fc.update_function("shop", "work", code=archive(index=WORK, more="x = 2\n", third=""))


def gone_function(cloud: Cloud) -> None:
    cloud.fc.delete_alias("shop", "", "online")
    cloud.fc.delete_function("", "stored")


def source(cloud: Cloud) -> None:
    cloud.fc.update_function("", "small", FunctionSettings(role="acs:ram::1:role/x"), archive(index="y = 1\n"))
    cloud.fc.update_function("", "stored", code=archive(index="z = 1\n"))


def configurations(cloud: Cloud) -> None:
    cloud.fc.put_async_config("shop", "work", AsyncConfig(stateful=False))
    cloud.fc.put_async_config("", "small", AsyncConfig(stateful=True, max_retries=0))


def messages(cloud: Cloud) -> None:
    cloud.queues.set_queue_attributes("jobs", QueueAttributes(visibility_timeout=31))
    cloud.topics.set_topic_attributes("news", maximum_message_size=2048)
    cloud.topics.set_subscription_attributes("news", "mine", NotifyStrategy.EXPONENTIAL_DECAY_RETRY)


def gone_messages(cloud: Cloud) -> None:
    cloud.topics.unsubscribe("news", "mine")
    cloud.queues.delete_queue("jobs")
    cloud.topics.delete_topic("news")


def grant(*actions: str) -> dict[str, object]:
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": ["*"]}
    return {"Version": "1", "Statement": [statement]}


def rights(cloud: Cloud) -> None:
    roles, name = cloud.ram.roles, "Shop-cn-hangzhou"
    trust = {"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": {"Service": ["fnf.aliyuncs.com"]}}
    roles.update_role(name, trust={"Version": "1", "Statement": [trust]})
    roles.attach(name, "System", "AliyunMNSFullAccess")
    roles.detach(name, "System", "AliyunFCInvocationAccess")
    roles.detach(name, "System", "AliyunLogReadOnlyAccess")
    roles.update_policy("shop-send", grant("mns:*"))
    roles.update_policy("shop-worker", grant("mns:ReceiveMessage"))


def flows(cloud: Cloud) -> None:
    cloud.flows.update_flow(
        "main", definition=DEFINITION % "theirs", description="theirs", role_arn="acs:ram::1:role/x"
    )
    cloud.flows.update_schedule("main", "tick", cron="@every 9m", enabled=False)


JOBS = "acs:mns:cn-hangzhou:123456789012:/queues/jobs/messages"
CHANGES: list[tuple[Callable[[Cloud], None], list[tuple[str, str]]]] = [
    (
        settings,
        [
            ("Work", "Timeout is 90, not '60'"),
            ("Work", "MemorySize is 512, not 256"),
            ("Work", "the variable EXTRA was added"),
            ("Work", "the variable MODE has another value"),
            ("Work", "the variable TOKEN is gone"),
        ],
    ),
    (code, [("Work", "its code was changed: more.py, third.py")]),
    (
        source,
        [
            ("Small", "its role is acs:ram::1:role/x, not acs:ram::123456789012:role/shop-cn-hangzhou"),
            ("Small", "its code was changed: index.py"),
            ("Stored", "its code was changed: index.py"),
        ],
    ),
    (gone_function, [("Alias", "it is gone"), ("Stored", "it is gone")]),
    (
        configurations,
        [
            ("Work", "StatefulInvocation is False, not True"),
            ("SmallAsync", "MaxAsyncRetryAttempts is 0, not 2"),
        ],
    ),
    (messages, [("Queue", "VisibilityTimeout is 31, not 30"), ("Topic", "MaximumMessageSize is 2048, not 1024")]),
    (gone_messages, [("Queue", "it is gone"), ("Topic", "it is gone"), ("Subscription", "it is gone")]),
    (
        rights,
        [
            ("Role", "who may assume it was changed"),
            ("Role", "the policy AliyunFCInvocationAccess (System) is not attached any more"),
            ("Role", "the policy AliyunMNSFullAccess (System) was attached"),
            ("Role", f"the policy shop-send was changed: without mns:SendMessage on {JOBS}, with mns:* on *"),
            ("Attached", "the policy AliyunLogReadOnlyAccess (System) is not attached to Shop-cn-hangzhou any more"),
            ("Policy", "the policy shop-worker was changed: without mns:DeleteMessage on *"),
        ],
    ),
    (
        flows,
        [
            ("Flow", "its definition was changed: only removed, theirs added"),
            ("Flow", "Description is 'theirs', not 'the main one'"),
            ("Flow", "its role is acs:ram::1:role/x, not acs:ram::123456789012:role/shop-cn-hangzhou"),
            ("Schedule", "CronExpression is '@every 9m', not '@every 5m'"),
            ("Schedule", "Enable is False, not True"),
        ],
    ),
]


@pytest.mark.parametrize(("change", "told"), CHANGES, ids=[change.__name__ for change, _ in CHANGES])
def test_drift_is_told(
    change: Callable[[Cloud], None], told: list[tuple[str, str]], served: Cloud, drifts: Look
) -> None:
    change(served)
    assert drifts() == told


def test_drift_is_shown_with_the_plan(cli: Cli, served: Cloud, stack: Path) -> None:
    served.queues.set_queue_attributes("jobs", QueueAttributes(visibility_timeout=31))
    said = cli("diff", stack, "--stack", "shop", "--exit-code")
    assert (said.exit, "drift: Queue: VisibilityTimeout is 31, not 30\n" in said.out) == (0, True)
    assert re.search(r"^stack shop: nothing to do, but 1 of \d+ resources drifted$", said.out, re.M)


def test_what_may_not_be_looked_at_is_told(served: Cloud, drifts: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(name: str) -> object:
        raise Fault.of("NoPermission", 403, "You are not authorized.")

    monkeypatch.setattr(served.ram.roles, "role", refuse)
    message = "it cannot be looked at: NoPermission: You are not authorized."
    assert drifts() == [("Role", message), ("Attached", message)]


def test_roles_are_read_through_the_sdk(cloud: Cloud) -> None:
    with serving_account(cloud) as listening:
        session = Session(Key(DEFAULT_KEY_ID, DEFAULT_KEY_SECRET), endpoint=listening.endpoint)
        assert account_of(session) == cloud.account_id
        roles = AliyunRoles(session)
        trust = {"Version": "1", "Statement": [{"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": {}}]}
        made = cloud.ram.roles.create_role("Mine", trust, description="mine")
        cloud.ram.roles.attach("Mine", "System", "AliyunMNSFullAccess")
        found = roles.role("mine")
        assert (found.name, found.arn, found.trust, found.description) == ("Mine", made.arn, trust, "mine")
        assert found.attached == (("System", "AliyunMNSFullAccess"),)
        document = cloud.ram.roles.policy("System", "AliyunMNSFullAccess").document
        assert roles.policy("System", "AliyunMNSFullAccess").document == document
        with pytest.raises(Fault) as refused:
            roles.role("nobody")
        assert (refused.value.code, refused.value.status) == ("EntityNotExist.Role", 404)
        with pytest.raises(Fault, match="nothing"):
            roles.policy("Custom", "nothing")
