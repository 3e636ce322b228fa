"""Applications as they are published: with sections, types and spellings beside those of the references."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from stack_texts import template

from fnfkit.cloud.cloud import Cloud
from fnfkit.lang import ros
from fnfkit.lang.ros.foreign import is_foreign
from fnfkit.model.problem import Severity
from fnfkit.model.stack import SERVERLESS, Template
from fnfkit.ports import StackRecord
from fnfkit.ports.functions import InvokeOptions

Settle = Callable[[str], StackRecord]
HEAD = "ROSTemplateFormatVersion: '2015-09-01'\n"
SAM = HEAD + f"Transform: '{SERVERLESS}'\n"
ZIP = ros.DATA_ZIP + "UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA=="
"""An archive without files."""

VIDEO = f"""{SAM}
Globals:
  Function:
    Runtime: python3
    Timeout: 300
    EnvironmentVariables: {{LEVEL: info, PLACE: '/tmp'}}
  Service:
    InternetAccess: false
Resources:
  FnF-video-demo: # service name
    Type: 'Aliyun::Serverless::Service'
    Properties:
      Description: 'video'
      Role: acs:ram::123456789012:role/fc-multimedia
      LogConfig: {{Project: fc-log, Logstore: fc, EnableRequestMetrics: true, EnableInstanceMetrics: true}}
      VpcConfig: {{VpcId: vpc-1, VSwitchIds: [vsw-1], SecurityGroupId: sg-1}}
      NasConfig: {{MountPoints: [{{ServerAddr: 'x.nas.aliyuncs.com:/', MountDir: '/mnt/auto'}}]}}
    split: # function name
      Type: 'Aliyun::Serverless::Function'
      Properties:
        Handler: index.handler
        CodeUri: '{ZIP}'
        EnvironmentVariables: {{LEVEL: debug}}
    merge:
      Type: 'Aliyun::Serverless::Function'
      DependsOn: net
      Properties: {{Handler: index.handler, Timeout: 60, CodeUri: '{ZIP}', CustomDNS: {{NameServers: [1.1.1.1]}}}}
      Events:
        web: {{Type: HTTP, Properties: {{AuthType: Anonymous, Methods: [GET, PATCH, OPTIONS]}}}}
        bucket:
          Type: OSS
          Properties:
            BucketName: videos
            Events: ['oss:ObjectCreated:PutObject']
            Filter: {{Key: {{Prefix: in/, Suffix: .mp4}}}}
        logs:
          Type: Log
          Properties:
            SourceConfig: {{Logstore: source}}
            JobConfig: {{MaxRetryTime: 1, TriggerInterval: 30}}
            LogConfig: {{Project: p, Logstore: l}}
        rows: {{Type: TableStore, Properties: {{InstanceName: i, TableName: t}}}}
        cdn:
          Type: CDN
          Properties:
            EventName: CachedObjectsRefreshed
            EventVersion: '1.0.0'
            Notes: refreshed
            Filter: {{Domain: [www.example.com]}}
        news: {{Type: MNSTopic, Properties: {{TopicName: news, Region: cn-shanghai}}}}
        database: {{Type: RDS, Properties: {{InstanceId: rm-1, SubscriptionObjects: [db.t], EventFormat: json}}}}
  flow:
    Type: 'Aliyun::Serverless::Flow'
    Properties:
      Description: all of it
      Policies: AliyunFCInvocationAccess
      Definition:
        version: v1
        type: flow
        steps:
          - type: task
            name: split
            resourceArn: !Ref FnF-video-demo/split
  domain:
    Type: 'Aliyun::Serverless::CustomDomain'
    Properties:
      DomainName: Auto
      Protocol: HTTP
      RouteConfig:
        Routes:
          '/*': {{ServiceName: FnF-video-demo, FunctionName: split}}
  logs:
    Type: 'Aliyun::Serverless::Log'
    Properties: {{Description: logs}}
    store:
      Type: 'Aliyun::Serverless::Log::Logstore'
      Properties: {{TTL: 10, ShardCount: 1}}
  tables:
    Type: 'Aliyun::Serverless::TableStore'
    Properties: {{ClusterType: HYBRID}}
    rows:
      Type: 'Aliyun::Serverless::TableStore::Table'
      Properties: {{PrimaryKeyList: [{{Name: uid, Type: STRING}}]}}
  gateway:
    Type: Aliyun::Serverless::Api
    Properties: {{StageName: RELEASE, DefinitionBody: {{'/': {{get: {{}}}}}}}}
  net:
    Type: ALIYUN::ECS::VPC
    Properties: {{CidrBlock: 192.168.0.0/16, VpcName: videos}}
Outputs:
  Vpc: {{Value: !GetAtt net.VpcId}}
  Block: {{Value: !GetAtt net.CidrBlock}}
  Url: {{Value: !GetAtt FnF-video-demomergeweb.UrlInternet}}
"""


def read(text: str) -> Template:
    reading = ros.read(text)
    assert reading.errors == () and reading.template is not None
    return reading.template


def test_an_application_with_everything_around_it(cloud: Cloud, settle: Settle) -> None:
    record = settle(cloud.stacks.create_stack("video", VIDEO))
    assert record.status == "CREATE_COMPLETE", record.status_reason
    made = {one.logical_id: one.type for one in cloud.stacks.list_stack_resources("video")}
    assert made["FnF-video-demosplit"] == "ALIYUN::FC::Function" and made["domain"] == "ALIYUN::FC::CustomDomain"
    assert made["net"] == "ALIYUN::ECS::VPC" and made["tablesrows"] == "ALIYUN::OTS::Table"
    assert "FnF-video-demomergedatabase" not in made and made["FnF-video-demomergelogs"] == "ALIYUN::FC::Trigger"
    assert record.output("Block") == "192.168.0.0/16" and str(record.output("Vpc")).endswith(".VpcId")
    cloud.stacks.delete_stack("video")
    assert settle(record.id).status == "DELETE_COMPLETE"


def test_globals_are_put_into_services_and_functions(cloud: Cloud, settle: Settle) -> None:
    settle(cloud.stacks.create_stack("video", VIDEO))
    service = cloud.stacks.get_stack_resource("video", "FnF-video-demo").physical_id
    assert cloud.functions.catalogue.unit(service).record.internet_access is False
    split, merge = (cloud.functions.find(service, "", name) for name in ("split", "merge"))
    assert (split.timeout, merge.timeout) == (300, 60)
    assert split.environment == {"LEVEL": "debug", "PLACE": "/tmp"}


def test_what_is_taken_and_not_imitated_is_told_with_its_line() -> None:
    reading = ros.read(VIDEO)
    assert reading.template is not None
    found = ros.validate(reading.template)
    assert {problem.severity for problem in found} == {Severity.WARNING}
    told = {VIDEO.splitlines()[mark.line - 1].strip() for problem in found if (mark := reading.mark(problem))}
    assert any(line.startswith("database:") for line in told)
    assert {"Type: ALIYUN::ECS::VPC", "Type: Aliyun::Serverless::Api"} <= told


def test_what_local_tools_would_make_is_left_out() -> None:
    text = SAM + (
        "Resources:\n  S:\n    Type: Aliyun::Serverless::Service\n"
        "    Properties: {LogConfig: Auto, NasConfig: Auto, VpcConfig: Auto}\n"
    )
    found = ros.validate(read(text))
    assert len(found) == 3 and all("Auto" in problem.message for problem in found)
    (service,) = ros.expand(read(text)).template.resources
    assert service.properties["LogConfig"] == {"Project": "", "Logstore": ""} and "NasConfig" not in service.properties


@pytest.mark.parametrize(
    ("section", "part"),
    [
        ("Globals: 3\n", "must be a mapping"),
        ("Globals: {Functions: {}}\n", "did you mean `Function`"),
        ("Globals: {Function: [a]}\n", "must be a mapping"),
    ],
)
def test_broken_globals(section: str, part: str) -> None:
    (problem,) = ros.read(SAM + section + "Resources: {}\n").errors
    assert part in problem.message + problem.fix


def test_globals_are_of_the_transform() -> None:
    (problem,) = ros.read(HEAD + "Globals: {}\nResources: {}\n").errors
    assert problem.id == "T01" and "Globals" in problem.message


@pytest.mark.parametrize("type", ["ALIYUN::ECS::VPC", "ALIYUN::RAM::User", "ALIYUN::SLS::LogtailConfig"])
def test_types_of_other_services_are_believed(type: str) -> None:
    assert is_foreign(type)


@pytest.mark.parametrize(
    "type",
    [
        "ALIYUN::MNS::Queue",  # known
        "ALIYUN::FNF::Execution",  # there is none (ros.md 7)
        "ALIYUN::FC3::Alias",
        "ALIYUN::MessageService::Queue",
        "ALIYUN::RAM::Roles",  # misspelt
        "ALIYUN::FNFF::Flow",
        "ALIYUN::OSS::bucket",
        "AWS::S3::Bucket",
        "ALIYUN::ECS",
    ],
)
def test_types_that_are_wrong_are_not(type: str) -> None:
    assert not is_foreign(type)


def test_a_stand_in_is_changed_and_removed_like_any_resource(cloud: Cloud, settle: Settle) -> None:
    def text(name: str, more: dict[str, object]) -> str:
        vpc = {"Type": "ALIYUN::ECS::VPC", "Properties": {"VpcName": name}}
        return template({"Net": vpc, **more}, Outputs={"Name": {"Value": {"Fn::GetAtt": ["Net", "VpcName"]}}})

    disk = {"Disk": {"Type": "ALIYUN::NAS::FileSystem", "Properties": {"Net": {"Fn::GetAtt": ["Net", "VpcId"]}}}}
    settle(cloud.stacks.create_stack("s", text("one", disk)))
    changes = {one.logical_id: one.action for one in cloud.stacks.preview_stack("", text("two", {}), stack="s")}
    assert changes == {"Net": "Modify", "Disk": "Remove"}
    cloud.stacks.update_stack("s", text("two", {}))
    assert settle("s").output("Name") == "two"
    assert [one.logical_id for one in cloud.stacks.list_stack_resources("s")] == ["Net"]


def test_a_role_of_the_authors_account_is_the_one_of_that_name_here(cloud: Cloud, settle: Settle) -> None:
    code = {"SourceCode": "def handler(event, context): return context.credentials.access_key_id"}
    function = {"ServiceName": "s", "FunctionName": "f", "Handler": "index.handler", "Runtime": "python3", "Code": code}
    resources = {
        "S": {
            "Type": "ALIYUN::FC::Service",
            "Properties": {"ServiceName": "s", "Role": "acs:ram::1986114430573743:role/fc-multimedia"},
        },
        "F": {"Type": "ALIYUN::FC::Function", "DependsOn": "S", "Properties": function},
    }
    settle(cloud.stacks.create_stack("s", template(resources)))
    answer = cloud.fc.invoke("s", "f", b"{}", InvokeOptions())
    assert answer.error_type == "" and answer.payload.startswith(b"STS.")
