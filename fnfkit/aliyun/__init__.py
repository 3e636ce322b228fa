"""The real cloud: the ports over the official SDKs. It knows nothing of the embedded one."""

from fnfkit.aliyun.flows import AliyunFlows, Unreachable
from fnfkit.aliyun.session import Key, NoCredentials, Session, connect
from fnfkit.aliyun.stacks import AliyunStacks

__all__ = ["AliyunFlows", "AliyunStacks", "Key", "NoCredentials", "Session", "Unreachable", "connect"]
