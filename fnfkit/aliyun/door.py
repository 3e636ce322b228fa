"""The way in for those who know ports only: found by the entry point `aliyun` of the group `fnfkit.flows`."""

from __future__ import annotations

from fnfkit.aliyun.flows import AliyunFlows
from fnfkit.aliyun.session import connect


def flows_at(
    *, endpoint: str = "", access_key_id: str = "", access_key_secret: str = "", region: str = ""
) -> AliyunFlows:
    """The flows at an endpoint with a key; without them those of the real account, with the default credentials.

    Raises `NoCredentials`.
    """
    return AliyunFlows(connect(key_id=access_key_id, secret=access_key_secret, region=region, endpoint=endpoint))
