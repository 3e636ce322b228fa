"""Where the command line makes its objects, each imported when it is made: no command waits for another's."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from fnfkit.cli.blocks import Block
from fnfkit.cli.refusal import REFUSED, UNREACHABLE, USAGE, Refusal
from fnfkit.model.json import Json

if TYPE_CHECKING:
    from fnfkit.aliyun.functions2 import Fc2Functions
    from fnfkit.aliyun.session import Session
    from fnfkit.cli.compiled import Definition
    from fnfkit.cli.deploy_aws import AwsTarget
    from fnfkit.cli.deploy_stage import Stage
    from fnfkit.cli.grants import Exercise
    from fnfkit.cli.inspect_python import Unused
    from fnfkit.cli.inspection import Inspected
    from fnfkit.cloud.cloud import Cloud
    from fnfkit.cloud.fc.service import Make
    from fnfkit.cloud.ram import AccessKey
    from fnfkit.lang.dialect import Reading
    from fnfkit.lint import Options
    from fnfkit.ports.flows import Flows
    from fnfkit.ports.functions import Functions
    from fnfkit.ports.queues import Queues
    from fnfkit.ports.stacks import StackEvent
    from fnfkit.ports.topics import Topics
    from fnfkit.server.listener import Listening
    from fnfkit.workers import Counters, DeadLetter, Worker
    from fnfkit.workers.callback import WsgiApp

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
    from fnfkit.lang.dialects import read  # noqa: PLC0415

    return read


def project_inspector() -> Callable[[str, Options, Unused], list[Inspected]]:
    """What checks the flows of a project in Python."""
    from fnfkit.cli.inspect_python import inspect_project  # noqa: PLC0415
    from fnfkit.cloud.garbage import collect_less_often  # noqa: PLC0415

    collect_less_often()
    return inspect_project


def exercise(file: Path, *, asked: bool) -> Exercise:
    """What a test run has made of the rights of roles; `asked` for by name or not. Raises `Refusal`."""
    from fnfkit.cli import grants  # noqa: PLC0415

    return grants.exercise(file, asked=asked)


def project_definitions() -> Callable[[str], list[Definition]]:
    """What compiles the flows of a project in Python."""
    from fnfkit.cli.compiled import definitions  # noqa: PLC0415
    from fnfkit.cloud.garbage import collect_less_often  # noqa: PLC0415

    collect_less_often()
    return definitions


def deploy_project(cloud: Cloud, given: str, definition: str, *, with_functions: bool) -> str:
    """Puts what a project in Python has into an account: queues, topics, functions, and the flows but for one, which
    is known by its definition. Returns the name of that one."""
    from dataclasses import replace  # noqa: PLC0415

    from fnfkit.cli.compiled import definitions  # noqa: PLC0415
    from fnfkit.cli.projects import project  # noqa: PLC0415
    from fnfkit.ports.fault import Fault  # noqa: PLC0415
    from fnfkit.testing.deploying import Deployments  # noqa: PLC0415

    flows = definitions(given)
    with project(given) as found:
        app = found.app if with_functions else replace(found.app, functions={})
        try:
            Deployments().add_app(cloud, app, found.folder)
            for flow in flows:
                if flow.text != definition:
                    cloud.flows.create_flow(flow.name, flow.text)
        except Fault as fault:
            hint = "--functions FOLDER names functions that are elsewhere"
            raise Refusal(fault.code, f"{given}: {fault.message}", hint) from fault
    return next(flow.name for flow in flows if flow.text == definition)


def json_reader() -> Callable[[str], Json]:
    """The reader of JSON texts, the account's own: NaN, numbers no double holds and half surrogates are no JSON to
    either. Raises json.JSONDecodeError."""
    from orjson import loads  # noqa: PLC0415

    return loads


def embedded(*, clock: str = VIRTUAL, store: str = MEMORY, processes: bool = False) -> Cloud:
    """An embedded account. `store` is "memory" or the path of an SQLite file; with `processes` each instance of a
    function is one."""
    from fnfkit.cloud.clock import RealClock, VirtualClock  # noqa: PLC0415
    from fnfkit.cloud.cloud import Cloud  # noqa: PLC0415
    from fnfkit.cloud.garbage import collect_less_often  # noqa: PLC0415

    collect_less_often()
    made = VirtualClock() if clock == VIRTUAL else RealClock()
    runtime = _processes() if processes else None
    if store == MEMORY:
        return Cloud(clock=made, runtime=runtime)
    from fnfkit.cloud.store import StoreError  # noqa: PLC0415
    from fnfkit.cloud.store_sqlite import SqliteStore  # noqa: PLC0415

    try:
        return Cloud(clock=made, store=SqliteStore(Path(store)), runtime=runtime)
    except StoreError as error:
        raise Refusal("StoreError", str(error), "name another --store FILE", exit=USAGE) from error


def _processes() -> Make:
    from fnfkit.cloud.fc.processes import ProcessRuntime  # noqa: PLC0415

    return ProcessRuntime


def recover(cloud: Cloud) -> None:
    """Takes up what the store of an account has kept."""
    from fnfkit.cloud.store import StoreError  # noqa: PLC0415

    try:
        cloud.recover()
    except StoreError as error:
        raise Refusal("StoreError", str(error), "name another --store FILE", exit=USAGE) from error


def remote(endpoint: str, region: str, profile: str) -> Flows:
    """The flows at an endpoint, the real service's or an embedded account's, through the official SDK."""
    from fnfkit.aliyun import AliyunFlows  # noqa: PLC0415

    return AliyunFlows(_session(endpoint, region, profile))


def time_of(endpoint: str) -> int:
    """Unix milliseconds where an endpoint is: an embedded account may live in virtual time."""
    import json  # noqa: PLC0415
    import time  # noqa: PLC0415
    from urllib.request import ProxyHandler, build_opener  # noqa: PLC0415

    from fnfkit.aliyun.session import is_local, url  # noqa: PLC0415

    if endpoint and is_local(endpoint):
        try:
            with build_opener(ProxyHandler({})).open(f"{url(endpoint)}/_fnfkit/health", timeout=5) as answer:
                return int(json.load(answer)["now"])
        except (OSError, ValueError, KeyError):  # something else listens there
            pass
    return int(time.time() * 1_000)


def messages(endpoint: str, region: str, profile: str) -> tuple[Queues, Topics]:
    """The queues and topics at an endpoint, through the official SDK. FNFKIT_ACCOUNT_ID names the real account."""
    from fnfkit.aliyun import NoCredentials  # noqa: PLC0415
    from fnfkit.aliyun.mns_client import connect_mns  # noqa: PLC0415
    from fnfkit.aliyun.queues import MnsQueues  # noqa: PLC0415
    from fnfkit.aliyun.topics import MnsTopics  # noqa: PLC0415

    try:
        client = connect_mns(_session(endpoint, region, profile), os.environ.get("FNFKIT_ACCOUNT_ID", ""))
    except NoCredentials as error:
        raise Refusal("NoCredentials", str(error), exit=UNREACHABLE) from error
    return MnsQueues(client), MnsTopics(client)


def aws_ports(endpoint: str, region: str, profile: str) -> tuple[Flows, Queues, Topics]:
    """The flows, queues and topics of an account of AWS, through boto3, which is an extra."""
    try:
        from fnfkit.cli.aws_account import ports_of  # noqa: PLC0415
    except ImportError as error:
        raise _no_aws(error) from error
    return ports_of(endpoint, region, profile)


def remote_functions(endpoint: str, region: str, profile: str, service: str) -> Functions:
    """The functions at an endpoint, through the official client of the generation that knows services, or not."""
    session, account = _session(endpoint, region, profile), os.environ.get("FNFKIT_ACCOUNT_ID", "")
    try:
        if service:
            return _fc2(session, account)
        from fnfkit.aliyun.functions3 import Fc3Functions  # noqa: PLC0415

        return Fc3Functions(session, account)
    except ImportError as error:
        raise _no_client(error) from error


def functions_of(session: Session, account: str) -> tuple[Functions, Functions]:
    """The functions of an account that belong to services, and those that do not. Raises `Refusal`."""
    try:
        from fnfkit.aliyun.functions3 import Fc3Functions  # noqa: PLC0415

        return _fc2(session, account), Fc3Functions(session, account)
    except ImportError as error:
        raise _no_client(error) from error


def function_logs(endpoint: str, region: str, profile: str) -> Fc2Functions:
    """The client that can ask an embedded account for the logs of functions."""
    try:
        return _fc2(_session(endpoint, region, profile), os.environ.get("FNFKIT_ACCOUNT_ID", ""))
    except ImportError as error:
        raise _no_client(error) from error


def _fc2(session: Session, account: str) -> Fc2Functions:
    from fnfkit.aliyun import NoCredentials  # noqa: PLC0415
    from fnfkit.aliyun.functions2 import Fc2Functions  # noqa: PLC0415

    try:
        return Fc2Functions(session, account)
    except NoCredentials as error:
        raise Refusal("NoCredentials", str(error), exit=UNREACHABLE) from error


def _no_client(error: ImportError) -> Refusal:
    told = f"the official client of Function Compute is not installed: {error}"
    return Refusal("NoClient", told, "pip install 'fnfkit[fc]'", exit=UNREACHABLE)


def _session(endpoint: str, region: str, profile: str) -> Session:
    from fnfkit.aliyun import NoCredentials, connect  # noqa: PLC0415

    environ = dict(os.environ)
    if profile:
        # A profile that is asked for by name beats keys that happen to be in the environment.
        for name in _KEY_VARIABLES:
            environ.pop(f"ALIBABA_CLOUD_{name}", None)
            environ.pop(f"ALIYUN_{name}", None)
        environ["ALIBABA_CLOUD_PROFILE"] = profile
    try:
        return connect(region=region, endpoint=endpoint, environ=environ)
    except NoCredentials as error:
        hint = "for an embedded account, take over the export lines that `fnfkit dev` prints"
        raise Refusal("NoCredentials", str(error), hint, exit=UNREACHABLE) from error


def serve(cloud: Cloud, host: str, port: int, *, allow_remote: bool, ready: Callable[[Listening], None]) -> None:
    """Serve an account until the process is told to stop, or its store fails."""
    from fnfkit.cloud.store import StoreError  # noqa: PLC0415
    from fnfkit.server.account import serve_account  # noqa: PLC0415
    from fnfkit.server.listener import CannotListen  # noqa: PLC0415

    try:
        serve_account(cloud, host, port, allow_remote=allow_remote, ready=ready)
    except CannotListen as error:
        hint = "" if allow_remote else "--allow-remote lets other machines in"
        raise Refusal("CannotListen", str(error), hint, exit=UNREACHABLE) from error
    except StoreError as error:
        raise Refusal("StoreError", str(error), "nothing that was answered is lost", exit=REFUSED) from error


def served(cloud: Cloud) -> AbstractContextManager[Listening]:
    """An account on a free port for as long as a block lasts."""
    from fnfkit.server.account import serving_account  # noqa: PLC0415

    return serving_account(cloud)


def subscriber(flows: Flows, handler: Callable[..., Json]) -> WsgiApp:
    """The WSGI application that a topic pushes to."""
    from fnfkit.workers import topic_handler  # noqa: PLC0415

    return topic_handler(flows, handler)


def default_key(cloud: Cloud) -> AccessKey:
    """The access key that every embedded account starts with."""
    from fnfkit.cloud.ram import DEFAULT_KEY_ID  # noqa: PLC0415

    key = cloud.ram.key(DEFAULT_KEY_ID)
    if key is None:
        raise Refusal("InvalidAccessKeyID", f"the account has no access key {DEFAULT_KEY_ID}", exit=UNREACHABLE)
    return key


def watcher(*, terminal: bool) -> Callable[[Counters, str], AbstractContextManager[None]]:
    """What shows how a worker gets on: counters in place on a terminal, log lines elsewhere."""
    if terminal:
        from fnfkit.cli import live  # noqa: PLC0415

        return live.watching
    from fnfkit.cli import steady  # noqa: PLC0415

    return steady.watching


def aws_target(stage: Stage, name: str, *, endpoint: str, region: str, profile: str) -> AwsTarget:
    """The account of AWS to deploy to, through boto3, which is an extra."""
    try:
        from fnfkit.cli.deploy_aws import connected  # noqa: PLC0415
    except ImportError as error:
        raise _no_aws(error) from error
    return connected(stage, name, endpoint=endpoint, region=region, profile=profile)


def _no_aws(error: ImportError) -> Refusal:
    told = f"the SDK of AWS is not installed: {error}"
    return Refusal("NoClient", told, "pip install 'fnfkit[aws]'", exit=UNREACHABLE)


def stack_watcher(*, terminal: bool) -> Callable[[str], AbstractContextManager[Callable[[StackEvent], None]]]:
    """What shows how a stack gets on: its resources in place on a terminal, lines elsewhere."""
    if terminal:
        from fnfkit.cli import deploy_live  # noqa: PLC0415

        return deploy_live.watching
    from fnfkit.cli import deploy_progress  # noqa: PLC0415

    return deploy_progress.watching


def make_worker(
    handler: str, queues: Queues, flows: Flows, *, queue: str, ledger: Path | None, options: dict[str, Json]
) -> Worker:
    """A worker for a handler named MODULE:HANDLER, which is looked for in the current folder too."""
    from fnfkit.workers import Ledger, LedgerError, Options, Worker  # noqa: PLC0415

    function = _function(handler)
    try:
        book = Ledger(ledger) if ledger else None
        worker = Worker(queues, flows, queue=queue, options=Options(**options), ledger=book)
    except LedgerError as error:
        raise Refusal("LedgerError", str(error), exit=USAGE) from error
    except ValueError as error:
        raise Refusal("UsageError", str(error), exit=USAGE) from error
    try:
        worker.task(queue)(function)
    except (TypeError, NameError) as error:
        raise Refusal("InvalidHandler", f"{handler}: {error}", exit=USAGE) from error
    return worker


def _function(handler: str) -> Callable[..., Json]:
    from importlib import import_module  # noqa: PLC0415

    module, _, name = handler.partition(":")
    hint = "name it as MODULE:HANDLER, e.g. work:handle for the function handle in work.py"
    sys.path.insert(0, os.getcwd())
    try:
        found: Json = getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise Refusal("HandlerNotFound", f"there is no handler {handler}: {error}", hint, exit=USAGE) from error
    except Exception as error:
        told = f"{module} cannot be imported: {type(error).__name__}: {error}"
        raise Refusal("HandlerNotFound", told, "mend the module, or name another", exit=USAGE) from error
    if not callable(found):
        raise Refusal("HandlerNotFound", f"{handler} is not a function", hint, exit=USAGE)
    function: Callable[..., Json] = found
    return function


def dead_letters(queues: Queues, queue: str, *, redrive: bool = False) -> list[DeadLetter]:
    """The dead letters of a queue: the next ones, or all of them while they are sent back."""
    from fnfkit.ports import QueueNotExist  # noqa: PLC0415
    from fnfkit.workers import dead_letter_queue  # noqa: PLC0415
    from fnfkit.workers import redrive as send_back  # noqa: PLC0415
    from fnfkit.workers.deadletters import peek  # noqa: PLC0415

    target = dead_letter_queue(queue)
    try:
        return list(send_back(queues, target) if redrive else peek(queues, target))
    except QueueNotExist:
        return []
