"""Where the command line makes its objects, each imported when it is made: no command waits for another's."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from fnfkit.cli.blocks import Block
from fnfkit.cli.refusal import UNREACHABLE, USAGE, Refusal

if TYPE_CHECKING:
    from fnfkit.cloud.cloud import Cloud
    from fnfkit.cloud.ram import AccessKey
    from fnfkit.lang.dialect import Reading
    from fnfkit.ports.flows import Flows
    from fnfkit.server.listener import Listening

MEMORY = "memory"
VIRTUAL = "virtual"

_KEY_VARIABLES = ("ACCESS_KEY_ID", "ACCESS_KEY_SECRET", "SECURITY_TOKEN")


def renderer(*, terminal: bool) -> Callable[[Iterable[Block]], None]:
    """What shows blocks: rich on a terminal, plain text elsewhere."""
    if terminal:
        from fnfkit.cli import pretty  # noqa: PLC0415

        return pretty.show
    from fnfkit.cli import plain  # noqa: PLC0415

    return plain.show


def reader() -> Callable[[str], Reading]:
    """The reader of flow definitions."""
    from fnfkit.lang.fdl import read  # noqa: PLC0415

    return read


def embedded(*, clock: str = VIRTUAL, store: str = MEMORY) -> Cloud:
    """An embedded account. `store` is "memory" or the path of an SQLite file."""
    from fnfkit.cloud.clock import RealClock, VirtualClock  # noqa: PLC0415
    from fnfkit.cloud.cloud import Cloud  # noqa: PLC0415
    from fnfkit.cloud.garbage import collect_less_often  # noqa: PLC0415

    collect_less_often()
    made = VirtualClock() if clock == VIRTUAL else RealClock()
    if store == MEMORY:
        return Cloud(clock=made)
    from fnfkit.cloud.store import StoreError  # noqa: PLC0415
    from fnfkit.cloud.store_sqlite import SqliteStore  # noqa: PLC0415

    try:
        return Cloud(clock=made, store=SqliteStore(Path(store)))
    except StoreError as error:
        raise Refusal("StoreError", str(error), "name another --store FILE", exit=USAGE) from error


def remote(endpoint: str, region: str, profile: str) -> Flows:
    """The flows at an endpoint, the real service's or an embedded account's, through the official SDK."""
    from fnfkit.aliyun import AliyunFlows, NoCredentials, connect  # noqa: PLC0415

    environ = dict(os.environ)
    if profile:
        # A profile that is asked for by name beats keys that happen to be in the environment.
        for name in _KEY_VARIABLES:
            environ.pop(f"ALIBABA_CLOUD_{name}", None)
            environ.pop(f"ALIYUN_{name}", None)
        environ["ALIBABA_CLOUD_PROFILE"] = profile
    try:
        return AliyunFlows(connect(region=region, endpoint=endpoint, environ=environ))
    except NoCredentials as error:
        hint = "for an embedded account, take over the export lines that `fnfkit dev` prints"
        raise Refusal("NoCredentials", str(error), hint, exit=UNREACHABLE) from error


def serve(cloud: Cloud, host: str, port: int, *, allow_remote: bool, ready: Callable[[Listening], None]) -> None:
    """Serve an account until the process is told to stop."""
    from fnfkit.server.account import serve_account  # noqa: PLC0415
    from fnfkit.server.listener import CannotListen  # noqa: PLC0415

    try:
        serve_account(cloud, host, port, allow_remote=allow_remote, ready=ready)
    except CannotListen as error:
        hint = "" if allow_remote else "--allow-remote lets other machines in"
        raise Refusal("CannotListen", str(error), hint, exit=UNREACHABLE) from error


def default_key(cloud: Cloud) -> AccessKey:
    """The access key that every embedded account starts with."""
    from fnfkit.cloud.ram import DEFAULT_KEY_ID  # noqa: PLC0415

    key = cloud.ram.key(DEFAULT_KEY_ID)
    if key is None:
        raise Refusal("InvalidAccessKeyID", f"the account has no access key {DEFAULT_KEY_ID}", exit=UNREACHABLE)
    return key
