"""Who talks to AWS, and where: boto3's own chain of credentials, the region, the endpoint, and one client per service.

Credentials, region and endpoint are found as every AWS tool finds them: arguments, AWS_ACCESS_KEY_ID ..., AWS_PROFILE
and ~/.aws, single sign-on, a container's or an instance's role; AWS_REGION and AWS_DEFAULT_REGION; AWS_ENDPOINT_URL.
An endpoint on this machine's loopback is an emulator: it is reached without a proxy, and with any key if none is set.

Nothing here prints, logs or shows a secret.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from urllib.parse import urlsplit

import boto3
from botocore import exceptions as sdk
from botocore.config import Config
from botocore.parsers import ResponseParserError

from fnfkit.aws.redact import guard_sdk_logs, redact
from fnfkit.model.json import Json
from fnfkit.ports import (
    AccessDenied,
    ActionNotSupported,
    EntityTooLarge,
    Fault,
    InvalidAccessKeyID,
    InvalidArgument,
    MissingRequiredParams,
    NetworkFault,
    RequestTimeTooSkewed,
    ResourceThrottled,
    SignatureNotMatch,
)

CONNECT_SECONDS = 5
READ_SECONDS = 60
"""Longer than the longest long poll, the 20 seconds of a queue."""
ATTEMPTS = 3
LOCAL_REGION = "us-east-1"

_LOCAL_KEY = "local"
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_OWN_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_DEFAULT_PROFILE")
_HOW = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run `aws configure`, or name a profile in AWS_PROFILE"

_UNREACHABLE = (
    sdk.HTTPClientError,
    sdk.ConnectionError,
    sdk.IncompleteReadError,
    sdk.ChecksumError,
    ResponseParserError,
)
_UNKNOWN_TO_AWS = (
    *(sdk.NoCredentialsError, sdk.PartialCredentialsError, sdk.CredentialRetrievalError, sdk.UnknownCredentialError),
    *(sdk.NoAuthTokenError, sdk.TokenRetrievalError, sdk.SSOError, sdk.LoginError, sdk.MetadataRetrievalError),
)

_COMMON: dict[str, type[Fault]] = {
    **dict.fromkeys(("AccessDenied", "AccessDeniedException", "AuthorizationError", "KmsAccessDenied"), AccessDenied),
    **dict.fromkeys(("UnauthorizedOperation", "AuthorizationErrorException", "OptInRequired"), AccessDenied),
    **dict.fromkeys(("UnrecognizedClientException", "InvalidClientTokenId"), InvalidAccessKeyID),
    **dict.fromkeys(("ExpiredToken", "ExpiredTokenException", "InvalidSecurity"), InvalidAccessKeyID),
    **dict.fromkeys(("SignatureDoesNotMatch", "InvalidSignatureException"), SignatureNotMatch),
    **dict.fromkeys(("RequestExpired", "RequestTimeTooSkewed"), RequestTimeTooSkewed),
    **dict.fromkeys(("Throttling", "ThrottlingException", "ThrottledException"), ResourceThrottled),
    **dict.fromkeys(("RequestThrottled", "TooManyRequestsException", "RequestLimitExceeded"), ResourceThrottled),
    **dict.fromkeys(("ValidationError", "ValidationException", "InvalidParameterValue"), InvalidArgument),
    **dict.fromkeys(("InvalidParameter", "InvalidParameterException", "InvalidParameterCombination"), InvalidArgument),
    **dict.fromkeys(("InvalidArn", "InvalidName", "MalformedQueryString", "InvalidAttributeName"), InvalidArgument),
    **dict.fromkeys(("InvalidAttributeValue", "InvalidParameterValueException"), InvalidArgument),
    **dict.fromkeys(("MissingParameter", "MissingRequiredParameter", "MissingAction"), MissingRequiredParams),
    **dict.fromkeys(("RequestEntityTooLarge", "RequestTooLargeException"), EntityTooLarge),
    **dict.fromkeys(("UnknownOperationException", "InvalidAction", "UnsupportedOperation"), ActionNotSupported),
}
"""What every service may answer. Codes that are not here, nor in a caller's own table, stay as they are."""

_HINTS: dict[str, str] = {
    "ExpiredToken": "renew the credentials (`aws sso login`, or a new session token)",
    "ExpiredTokenException": "renew the credentials (`aws sso login`, or a new session token)",
    "UnrecognizedClientException": "look at AWS_ACCESS_KEY_ID and AWS_SESSION_TOKEN",
    "InvalidClientTokenId": "look at AWS_ACCESS_KEY_ID and AWS_SESSION_TOKEN",
    "SignatureDoesNotMatch": "look at AWS_SECRET_ACCESS_KEY",
    "InvalidSignatureException": "look at AWS_SECRET_ACCESS_KEY, and at this machine's clock",
    "RequestExpired": "set this machine's clock",
    "AccessDenied": "allow it in a policy of that user or role",
    "AccessDeniedException": "allow it in a policy of that user or role",
}


class NoCredentials(Exception):
    """No usable credentials, or no region, were found; the message says where was looked and what to do."""


class Session:
    """Credentials, region and endpoint of an account. Safe to use from several threads."""

    def __init__(self, sdk_session: Json, *, endpoint: str = "") -> None:
        self.region = str(sdk_session.region_name)
        self.endpoint = endpoint
        self._sdk = sdk_session
        self._clients: dict[str, Json] = {}
        self._account = ""
        self._lock = threading.RLock()

    def __repr__(self) -> str:
        return f"Session(region={self.region!r}, endpoint={self.endpoint!r})"

    @property
    def local(self) -> bool:
        """Whether the endpoint is on this machine: an emulator."""
        return is_local(self.endpoint)

    @property
    def account(self) -> str:
        """The number of the account, asked for once. Raises `Fault`."""
        with self._lock:
            if not self._account:
                client = self.client("sts")
                with self.faults("GetCallerIdentity"):
                    self._account = str(client.get_caller_identity()["Account"])
            return self._account

    def arn(self, service: str, resource: str) -> str:
        """The ARN of a resource of this account and region. Raises `Fault`."""
        partition = self._sdk.get_partition_for_region(self.region)
        return f"arn:{partition}:{service}:{self.region}:{self.account}:{resource}"

    def client(self, name: str) -> Json:
        """The boto3 client of a service, by boto3's name for it: stepfunctions, sqs, sns, cloudformation ..."""
        with self._lock:  # making clients is not safe in several threads, using them is
            if name not in self._clients:
                self._clients[name] = self._made(name)
            return self._clients[name]

    @contextmanager
    def faults(self, where: str, codes: Mapping[str, type[Fault]] | None = None) -> Iterator[None]:
        """Turns what boto3 raises inside the block into a `Fault`. `where` says what was asked of what; `codes` are the
        service's own error codes, which come before those that all services share."""
        try:
            yield
        except sdk.ClientError as refusal:
            raise _refused(where, refusal, codes or {}) from None
        except _UNREACHABLE as broken:
            told = f"{where}: no usable answer: {_line(broken)}; look at the region and the endpoint"
            raise NetworkFault(told) from None
        except _UNKNOWN_TO_AWS as nobody:
            raise AccessDenied(f"{where}: {_line(nobody)}; {_HOW}") from None
        except sdk.BotoCoreError as wrong:  # what boto3 refuses to send
            raise InvalidArgument(f"{where}: {_line(wrong)}") from None

    def _made(self, name: str) -> Json:
        try:
            return self._sdk.client(name, endpoint_url=self.endpoint or None, config=self._config())
        except (ValueError, sdk.BotoCoreError) as wrong:
            told = f"there is no {name} client for region {self.region} and endpoint {self.endpoint or 'of its own'}"
            raise InvalidArgument(f"{told}: {_line(wrong)}") from None

    def _config(self) -> Config:
        shared = Config(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
            user_agent_extra="fnfkit",
        )
        # Emulators are not behind the proxy, and have no hosts of their own for buckets or for StartSyncExecution.
        local = Config(proxies={}, inject_host_prefix=False, s3={"addressing_style": "path"})
        return shared.merge(local) if self.local else shared


def connect(
    *, key_id: str = "", secret: str = "", token: str = "", region: str = "", endpoint: str = "", profile: str = ""
) -> Session:
    """The session that arguments, environment and files describe. Raises `NoCredentials`, and `InvalidArgument` for an
    endpoint that is no URL."""
    if bool(key_id) != bool(secret):
        raise NoCredentials("an access key id and its secret go together: give both or neither.")
    endpoint = url(endpoint or os.environ.get("AWS_ENDPOINT_URL", ""))
    local = is_local(endpoint)
    if local and not (key_id or profile or any(os.environ.get(name) for name in _OWN_KEYS)):
        key_id = secret = _LOCAL_KEY
    guard_sdk_logs()
    try:
        make = partial(boto3.Session, key_id or None, secret or None, token or None, profile_name=profile or None)
        made = make(region_name=region or os.environ.get("AWS_REGION") or None)
        if made.region_name is None and local:
            made = make(region_name=LOCAL_REGION)
        credentials = made.get_credentials()
    except sdk.BotoCoreError as error:
        raise NoCredentials(f"{_line(error)}; {_HOW}.") from None
    if credentials is None:
        raise NoCredentials(f"no AWS credentials: {_HOW}.")
    if made.region_name is None:
        raise NoCredentials("no AWS region: give one, or set AWS_REGION, or run `aws configure`.")
    return Session(made, endpoint=endpoint)


def url(endpoint: str) -> str:
    """An endpoint with its scheme and without a trailing slash; empty for empty. Raises `InvalidArgument`."""
    if not endpoint:
        return ""
    scheme = "" if "://" in endpoint else "http://" if is_local(endpoint) else "https://"
    whole = f"{scheme}{endpoint}".rstrip("/")
    try:
        parts = urlsplit(whole)
        sound = bool(parts.hostname) and parts.port != 0 and not re.search(r"\s", whole)
    except ValueError:
        sound = False
    if not sound:
        raise InvalidArgument(f"{endpoint!r} is no endpoint: give a URL such as http://127.0.0.1:5000")
    return whole


def is_local(endpoint: str) -> bool:
    """Whether an endpoint is on this machine's loopback."""
    try:
        return urlsplit(endpoint if "://" in endpoint else f"//{endpoint}").hostname in _LOOPBACK
    except ValueError:  # half an IPv6 address
        return False


def _refused(where: str, refusal: sdk.ClientError, codes: Mapping[str, type[Fault]]) -> Fault:
    error: Json = refusal.response.get("Error", {})
    code = str(error.get("Code") or "").removeprefix("AWS.SimpleQueueService.") or "InternalError"
    status = int(refusal.response.get("ResponseMetadata", {}).get("HTTPStatusCode") or 500)
    said = redact(str(error.get("Message") or error.get("message") or code).partition("\n")[0])
    hint = _HINTS.get(code, "")
    message = f"{where}: {said.rstrip('.')}" + (f"; {hint}" if hint else "")
    kind = codes.get(code) or _COMMON.get(code)
    return kind(message) if kind else Fault.of(code, status, message)


def _line(error: Exception) -> str:
    return redact(" ".join(str(error).split()).rstrip("."))
