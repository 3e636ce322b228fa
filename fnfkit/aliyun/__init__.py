"""The real cloud: the ports over the official SDKs. It knows nothing of the embedded one."""

from fnfkit.aliyun.flows import AliyunFlows, Unreachable
from fnfkit.aliyun.session import Key, NoCredentials, Session, connect

__all__ = ["AliyunFlows", "Key", "NoCredentials", "Session", "Unreachable", "connect"]
