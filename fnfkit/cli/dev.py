"""`fnfkit dev`: an embedded account as a server."""

from __future__ import annotations

import json as codec
import logging
import os
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fnfkit.cli import wiring
from fnfkit.cli.options import ClockKind, RuntimeKind, as_json, functions_folder
from fnfkit.cli.output import progress
from fnfkit.cli.sources import deploy_functions
from fnfkit.model.json import JsonObject
from fnfkit.server.address import DEFAULT_PORT
from fnfkit.testing.watch import counted

if TYPE_CHECKING:
    from fnfkit.cloud.cloud import Cloud
    from fnfkit.server.listener import Listening


@click.command("dev")
@click.option("--host", default="127.0.0.1", help="Address to listen on.")
@click.option("--port", type=click.IntRange(min=0, max=65535), default=DEFAULT_PORT, help="Port; 0 takes a free one.")
@click.option("--store", metavar="memory|FILE", default="memory", help="SQLite file that keeps the account.")
@click.option(
    "--clock",
    type=click.Choice(ClockKind, case_sensitive=False),
    default=ClockKind.REAL,
    help="Virtual time jumps when nothing is left to do.",
)
@click.option(
    "--runtime",
    type=click.Choice(RuntimeKind, case_sensitive=False),
    default=None,
    show_default="subprocess; inline with virtual time, which processes of their own cannot share",
    help="Where functions run: in isolated processes, or in the server's own.",
)
@functions_folder
@click.option("--allow-remote", is_flag=True, help="Listen on an address that other machines can reach.")
@as_json
def dev(
    host: str,
    port: int,
    store: str,
    clock: ClockKind,
    runtime: RuntimeKind | None,
    functions: Path | None,
    allow_remote: bool,
    json: bool,
) -> int:
    """Serve an embedded account until SIGINT or SIGTERM.

    When it is ready, `--json` prints one line, an object with endpoint, region, account_id, access_key_id and
    access_key_secret; without it, the export lines that point the official SDKs and this command line at it.
    """
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s: %(message)s")

    def ready(listening: Listening) -> None:
        lead_home(cloud, listening.endpoint)
        account = describe(cloud, listening.endpoint)
        print(codec.dumps(account) if json else "\n".join(exports(account)), flush=True)
        progress(f"serving an embedded account at {listening.endpoint}; stop it with Ctrl-C")

    runtime = runtime or (RuntimeKind.INLINE if clock is ClockKind.VIRTUAL else RuntimeKind.SUBPROCESS)
    processes = runtime is RuntimeKind.SUBPROCESS
    with wiring.embedded(clock=clock.value, store=store, processes=processes) as cloud:
        if functions is not None:
            progress("functions: " + ", ".join(deploy_functions(cloud, functions)))
        wiring.recover(cloud)
        with counted(cloud):
            wiring.serve(cloud, host, port, allow_remote=allow_remote, ready=ready)
    return 0


def lead_home(cloud: Cloud, endpoint: str) -> None:
    """Has functions reach the account when their SDKs ask for the real service, as they would there (api-signing.md
    6.6). Functions that run in this process use its environment."""
    variables = {"http_proxy": endpoint, "no_proxy": "127.0.0.1,localhost"}
    cloud.functions.variables.update(variables)
    os.environ.update(variables)


def describe(cloud: Cloud, endpoint: str) -> JsonObject:
    """What a client needs to know of an embedded account."""
    key = wiring.default_key(cloud)
    return {
        "endpoint": endpoint,
        "region": cloud.region,
        "account_id": cloud.account_id,
        "access_key_id": key.id,
        "access_key_secret": key.secret,
    }


def exports(account: JsonObject) -> Iterator[str]:
    """Shell lines for this command line, and for programs with the official SDKs.

    With `http_proxy` an unmodified program finds the account although it asks for the real service
    (api-signing.md 6.6).
    """
    variables = {
        "FNFKIT_ENDPOINT": account["endpoint"],
        "FNFKIT_REGION": account["region"],
        "ALIBABA_CLOUD_REGION_ID": account["region"],
        "ALIBABA_CLOUD_ACCESS_KEY_ID": account["access_key_id"],
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": account["access_key_secret"],
        "http_proxy": account["endpoint"],
    }
    return (f"export {name}={shlex.quote(value)}" for name, value in variables.items())
