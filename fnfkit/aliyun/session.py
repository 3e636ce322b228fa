"""Who talks to Alibaba Cloud, and where: credentials, region, endpoint, and one client of the official SDK.

Credentials are looked for in the order of the official default chain; the first place that has any wins:

1. what the caller gives;
2. the environment: ALIBABA_CLOUD_ACCESS_KEY_ID, _SECRET and _SECURITY_TOKEN, then the older ALIYUN_ACCESS_KEY_ID ...;
3. the profile of the Alibaba Cloud CLI in ~/.aliyun/config.json that ALIBABA_CLOUD_PROFILE names, else its current one;
4. the RAM role of an ECS instance, if ALIBABA_CLOUD_ECS_METADATA names it. (The official chain also asks the metadata
   service where nothing names a role; that would make every offline run wait for an address that is not there.)

Nothing here prints, logs or shows a secret.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias
from urllib.parse import urlsplit

from aliyunsdkcore.auth import credentials as sdk
from aliyunsdkcore.auth.signers import (
    access_key_signer,
    ecs_ram_role_signer,
    ram_role_arn_signer,
    sts_token_signer,
)
from aliyunsdkcore.client import AcsClient

from fnfkit.aliyun.redact import guard_sdk_logs
from fnfkit.model.json import Json, JsonObject

DEFAULT_REGION = "cn-hangzhou"
CONNECT_SECONDS = 5
READ_SECONDS = 30

_PREFIXES = ("ALIBABA_CLOUD", "ALIYUN")
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class NoCredentials(Exception):
    """No usable credentials were found; the message says where was looked and what to do."""


@dataclass(frozen=True, slots=True)
class Key:
    """An access key, with a security token if it is a temporary one."""

    id: str
    secret: str = field(repr=False)
    token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class AssumedRole:
    """A role that a key assumes; the SDK does so, and again before it expires."""

    key: Key
    role_arn: str
    session_name: str


@dataclass(frozen=True, slots=True)
class InstanceRole:
    """The RAM role of the ECS instance this runs on."""

    role: str


Credentials: TypeAlias = Key | AssumedRole | InstanceRole


@dataclass(frozen=True, slots=True)
class Session:
    """Credentials, region and endpoint. An empty endpoint is the region's own; one without a scheme is http on the
    loopback and https elsewhere."""

    credentials: Credentials
    region: str = DEFAULT_REGION
    endpoint: str = ""

    def client(self) -> AcsClient:
        """A client of the official SDK for this session.

        Its signer is set explicitly, because `AcsClient(credential=...)` silently prefers keys of the environment
        (api-signing.md 2). A loopback endpoint is never reached through a proxy: the SDK would take `http_proxy`
        without asking `no_proxy` (api-signing.md 6.6).
        """
        local = is_local(self.endpoint)
        client = AcsClient(
            "unused",
            "unused",
            self.region,
            timeout=READ_SECONDS,
            connect_timeout=CONNECT_SECONDS,
            proxy={"http": "", "https": ""} if local else None,
        )
        client._signer = _signer(self.credentials, client)
        if self.endpoint:
            for product in ("fnf", "ROS", "Sts", "Ram") if local else ("fnf",):
                client.add_endpoint(self.region, product, url(self.endpoint))
        guard_sdk_logs()
        return client


def connect(
    *,
    key_id: str = "",
    secret: str = "",
    token: str = "",
    region: str = "",
    endpoint: str = "",
    environ: Mapping[str, str] | None = None,
    home: Path | None = None,
) -> Session:
    """The session that arguments, environment and files describe. FNFKIT_ENDPOINT and ALIBABA_CLOUD_REGION_ID stand in
    for missing arguments, and a profile that is used gives its region. Raises `NoCredentials`."""
    env = os.environ if environ is None else environ
    credentials: Credentials | None = _given(key_id, secret, token) or _from_environment(env)
    profile = {} if credentials else _profile(env, home or Path.home())
    credentials = credentials or _from_profile(profile) or _from_instance(env)
    region = region or env.get("ALIBABA_CLOUD_REGION_ID", "") or str(profile.get("region_id") or "") or DEFAULT_REGION
    return Session(credentials, region, endpoint or env.get("FNFKIT_ENDPOINT", ""))


def url(endpoint: str) -> str:
    """An endpoint with its scheme and without a trailing slash."""
    endpoint = endpoint.rstrip("/")
    if "://" in endpoint:
        return endpoint
    return f"http://{endpoint}" if is_local(endpoint) else f"https://{endpoint}"


def is_local(endpoint: str) -> bool:
    """Whether an endpoint is on this machine's loopback."""
    return urlsplit(endpoint if "://" in endpoint else f"//{endpoint}").hostname in _LOOPBACK


def _given(key_id: str, secret: str, token: str) -> Key | None:
    if bool(key_id) != bool(secret):
        raise NoCredentials("an access key id and its secret go together: give both or neither.")
    return Key(key_id, secret, token) if key_id else None


def _from_environment(environ: Mapping[str, str]) -> Key | None:
    for prefix in _PREFIXES:
        names = (f"{prefix}_ACCESS_KEY_ID", f"{prefix}_ACCESS_KEY_SECRET", f"{prefix}_SECURITY_TOKEN")
        key_id, secret, token = (environ.get(name, "") for name in names)
        if bool(key_id) != bool(secret):
            raise NoCredentials(f"{names[0]} and {names[1]} go together: set both or neither.")
        if key_id:
            return Key(key_id, secret, token)
    return None


def _from_instance(environ: Mapping[str, str]) -> InstanceRole:
    if role := environ.get("ALIBABA_CLOUD_ECS_METADATA"):
        return InstanceRole(role)
    raise NoCredentials(
        "no credentials: set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, or run "
        "`aliyun configure`, or name the instance's role in ALIBABA_CLOUD_ECS_METADATA."
    )


def _profile(environ: Mapping[str, str], home: Path) -> JsonObject:
    """The chosen profile of the Alibaba Cloud CLI, or an empty one."""
    path = home / ".aliyun" / "config.json"
    if environ.get("ALIBABA_CLOUD_CLI_PROFILE_DISABLED", "").lower() == "true" or not path.is_file():
        return {}
    try:
        config: Json = json.loads(path.read_text("utf-8"))
        profiles = {profile["name"]: profile for profile in config["profiles"]}
        current = config.get("current")
    except (ValueError, KeyError, TypeError, AttributeError):
        raise NoCredentials(f"{path} is not a configuration of the Alibaba Cloud CLI; mend it or move it.") from None
    name = environ.get("ALIBABA_CLOUD_PROFILE") or current
    if name not in profiles:
        known = ", ".join(sorted(map(str, profiles))) or "none"
        raise NoCredentials(f"{path} has no profile named {name!r}; it has: {known}.")
    profile = profiles[name]
    return profile if isinstance(profile, dict) else {}


def _from_profile(profile: JsonObject) -> Credentials | None:
    if not profile:
        return None
    mode, name = profile.get("mode", "AK"), profile.get("name")
    match mode:
        case "AK":
            return _profile_key(profile, "access_key_id", "access_key_secret")
        case "StsToken":
            return _profile_key(profile, "access_key_id", "access_key_secret", "sts_token")
        case "RamRoleArn":
            key = _profile_key(profile, "access_key_id", "access_key_secret")
            return AssumedRole(key, _setting(profile, "ram_role_arn"), profile.get("ram_session_name") or "fnfkit")
        case "EcsRamRole":
            return InstanceRole(_setting(profile, "ram_role_name"))
        case _:
            modes = "AK, StsToken, RamRoleArn and EcsRamRole"
            raise NoCredentials(f"profile {name!r} has mode {mode!r}; fnfkit can use {modes}. Choose another profile.")


def _profile_key(profile: JsonObject, *names: str) -> Key:
    return Key(*(_setting(profile, name) for name in names))


def _setting(profile: JsonObject, name: str) -> str:
    value = profile.get(name)
    if not isinstance(value, str) or not value:
        raise NoCredentials(f"profile {profile.get('name')!r} has no {name}; run `aliyun configure` again.")
    return value


def _signer(credentials: Credentials, client: AcsClient) -> Json:
    match credentials:
        case Key(id, secret, ""):
            return access_key_signer.AccessKeySigner(sdk.AccessKeyCredential(id, secret))
        case Key(id, secret, token):
            return sts_token_signer.StsTokenSigner(sdk.StsTokenCredential(id, secret, token))
        case AssumedRole(key, role_arn, session_name):
            credential = sdk.RamRoleArnCredential(key.id, key.secret, role_arn, session_name)
            return ram_role_arn_signer.RamRoleArnSigner(credential, client._implementation_of_do_action)
        case InstanceRole(role):
            return ecs_ram_role_signer.EcsRamRoleSigner(sdk.EcsRamRoleCredential(role))
