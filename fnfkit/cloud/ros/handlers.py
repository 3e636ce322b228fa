"""The table of handlers: which code makes a resource of which type."""

from __future__ import annotations

from fnfkit.cloud.ros.handlers_fc import AsyncConfigHandler, FunctionHandler, ServiceHandler, TriggerHandler
from fnfkit.cloud.ros.handlers_fnf import FlowHandler, ScheduleHandler
from fnfkit.cloud.ros.handlers_kept import KeptHandler, LayerHandler
from fnfkit.cloud.ros.handlers_mns import QueueHandler, SubscriptionHandler, TopicHandler
from fnfkit.cloud.ros.handlers_ram import AttachmentHandler, PolicyHandler, RoleHandler
from fnfkit.cloud.ros.handlers_releases import AliasHandler, ProvisionHandler, VersionHandler
from fnfkit.cloud.ros.handlers_work import InvokerHandler, SleepHandler
from fnfkit.cloud.ros.handling import Account, Handler
from fnfkit.cloud.ros.signals import ConditionHandler, HandleHandler, Signals

OTHERS = ""
"""The entry for the types of services that are not known here."""


def handlers(account: Account, signals: Signals) -> dict[str, Handler]:
    """A handler for every resource type that can be made, data sources have none; and one for types of services that
    are not known here."""
    function, trigger = FunctionHandler(account), TriggerHandler(account)
    version, provision = VersionHandler(account), ProvisionHandler(account)
    layer, kept, invoker = LayerHandler(account), KeptHandler(account), InvokerHandler(account)
    return {
        "ALIYUN::FNF::Flow": FlowHandler(account),
        "ALIYUN::FNF::Schedule": ScheduleHandler(account),
        "ALIYUN::FC::Service": ServiceHandler(account),
        "ALIYUN::FC::Function": function,
        "ALIYUN::FC::Trigger": trigger,
        "ALIYUN::FC::Version": version,
        "ALIYUN::FC::Alias": AliasHandler(account),
        "ALIYUN::FC::ProvisionConfig": provision,
        "ALIYUN::FC::FunctionInvoker": invoker,
        "ALIYUN::FC::Layer": layer,
        "ALIYUN::FC::CustomDomain": kept,
        "ALIYUN::FC3::Function": function,
        "ALIYUN::FC3::Trigger": trigger,
        "ALIYUN::FC3::FunctionVersion": version,
        "ALIYUN::FC3::LayerVersion": layer,
        "ALIYUN::FC3::AsyncInvokeConfig": AsyncConfigHandler(account),
        "ALIYUN::FC3::ProvisionConfig": provision,
        "ALIYUN::FC3::ConcurrencyConfig": kept,
        "ALIYUN::FC3::FunctionInvoker": invoker,
        "ALIYUN::FC3::VpcBinding": kept,
        "ALIYUN::MNS::Queue": QueueHandler(account),
        "ALIYUN::MNS::Topic": TopicHandler(account),
        "ALIYUN::MNS::Subscription": SubscriptionHandler(account),
        "ALIYUN::RAM::Role": RoleHandler(account),
        "ALIYUN::RAM::ManagedPolicy": PolicyHandler(account),
        "ALIYUN::RAM::AttachPolicyToRole": AttachmentHandler(account),
        "ALIYUN::OSS::Bucket": kept,
        "ALIYUN::SLS::Project": kept,
        "ALIYUN::SLS::Logstore": kept,
        "ALIYUN::SLS::Index": kept,
        "ALIYUN::ROS::WaitCondition": ConditionHandler(account, signals),
        "ALIYUN::ROS::WaitConditionHandle": HandleHandler(signals),
        "ALIYUN::ROS::Sleep": SleepHandler(account),
        OTHERS: kept,
    }
