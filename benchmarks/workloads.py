"""The workloads: for each, its contenders, its sizes and what fnfkit has to reach."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from benchmarks import authoring, embedded, fc, harness, messages, start_up, wire
from benchmarks.peers import dbos_flows, moto_states, others

Contender = Callable[[int], float]


@dataclass(frozen=True)
class Workload:
    """`contenders` measure one size in `unit`; those named fnfkit* run all `sizes`, others `peer_sizes`."""

    title: str
    unit: str
    contenders: Mapping[str, Contender]
    sizes: tuple[int, ...] = (1,)
    peer_sizes: tuple[int, ...] = (1,)
    targets: Mapping[str, str] = field(default_factory=dict)
    more_is_better: bool = True


WORKLOADS: dict[str, Workload] = {
    "W1": Workload(
        "a chain of pass steps",
        "steps/s",
        {"fnfkit": embedded.chain, "moto": moto_states.chain_rate, "transitions, no history": others.chain},
        (10, 100, 1_000),
        (100,),
        {"fnfkit": "≥ 100,000"},
    ),
    "W2": Workload(
        "a polling loop on virtual time",
        "polls/s",
        {"fnfkit": embedded.polling, "moto, without the wait": moto_states.polling_rate},
        (600,),
        (100,),
        {"fnfkit": "≥ 15,000"},
    ),
    "W3": Workload(
        "the transaction, one in four fails",
        "executions/s",
        {
            "fnfkit": embedded.saga,
            "fnfkit, durable": embedded.durable_saga,
            "DBOS on SQLite": dbos_flows.saga,
        },
        (1_000,),
        (100,),
        {"fnfkit": "≥ 7,000", "fnfkit, durable": "≥ 3,000"},
    ),
    "W4": Workload(
        "foreach, one task an item, limits off",
        "items/s",
        {"fnfkit": embedded.each, "moto": moto_states.each_rate},
        (100, 1_000, 10_000),
        (300,),
        {"fnfkit": "≥ 25,000"},
    ),
    "W5": Workload(
        "executions that wait for a token, then all reported",
        "executions/s",
        {
            "fnfkit": embedded.waiting,
            "fnfkit, durable": embedded.durable_waiting,
            "SpiffWorkflow, no token, no history": others.waiting,
            "DBOS on SQLite": dbos_flows.waiting,
        },
        (1_000, 10_000, 100_000),
        (100,),
        {"fnfkit": "≥ 25,000", "fnfkit, durable": "≥ 8,000"},
    ),
    "W5m": Workload(
        "memory of a waiting execution",
        "bytes each",
        {"fnfkit": embedded.waiting_bytes},
        (100_000,),
        targets={"fnfkit": "≤ 4,096"},
        more_is_better=False,
    ),
    "W6": Workload(
        "a Python flow compiled and written as FDL",
        "steps/s",
        {"fnfkit": authoring.compile_and_write, "dicts through PyYAML's C dumper": authoring.yaml_dicts},
        (100, 1_000, 10_000),
        (1_000,),
        {"fnfkit": "≥ 15,000"},
    ),
    "W6r": Workload(
        "FDL read back, with marks",
        "steps/s",
        {"fnfkit": authoring.read_back, "PyYAML's C loader, without marks": authoring.plain_yaml},
        (100, 1_000, 10_000),
        (1_000,),
        {"fnfkit": "≥ 5,000"},
    ),
    "W6c": Workload(
        "FDL read and checked",
        "ms",
        {"fnfkit": authoring.check},
        (100, 1_000),
        targets={"fnfkit": "≤ 300 for 1,000"},
        more_is_better=False,
    ),
    "W7": Workload(
        "a queue over HTTP: send, receive, delete; 1 connection",
        "messages/s",
        {
            "fnfkit": messages.one_connection,
            "limit: the same requests to a bare uvicorn": messages.bare_one,
            "moto server (SQS, no signatures)": messages.moto_one,
        },
        (10_000,),
        (300,),
        {"fnfkit": "≥ 1,000"},
    ),
    "W7c": Workload(
        "the same through 8 connections",
        "messages/s",
        {
            "fnfkit": messages.eight_connections,
            "limit: the same requests to a bare uvicorn": messages.bare_eight,
            "moto server (SQS, no signatures)": messages.moto_eight,
        },
        (10_000,),
        (300,),
        {"fnfkit": "≥ 2,500"},
    ),
    "W7m": Workload(
        "growth of the server's memory by messages that have come and gone",
        "bytes each",
        {"fnfkit": messages.growth},
        (100_000,),
        targets={"fnfkit": "0"},
        more_is_better=False,
    ),
    "W8": Workload(
        "command line cold start, over `python -c pass`",
        "ms",
        {
            "fnfkit --version": start_up.version,
            "fnfkit --help": start_up.help_page,
            "fnfkit check": start_up.check_ten_steps,
            "moto_server --help": start_up.moto_help,
        },
        targets={"fnfkit --version": "≤ 60", "fnfkit --help": "≤ 150", "fnfkit check": "≤ 200"},
        more_is_better=False,
    ),
    "W9": Workload(
        "import, over `python -c pass`",
        "ms",
        {
            "fnfkit": start_up.import_fnfkit,
            "aliyunsdkcore.client": start_up.import_sdk,
            "moto": start_up.import_moto,
        },
        targets={"fnfkit": "≤ 40"},
        more_is_better=False,
    ),
    "W10": Workload(
        "a one-step flow through the official SDK: start, describe until ended",
        "executions/s",
        {
            "fnfkit": wire.sdk_executions,
            "the SDK against a constant answer": wire.sdk_ceiling,
            "moto server": wire.moto_executions,
        },
        (300,),
        (300,),
        {"fnfkit": "≥ 80 % of the constant answer"},
    ),
    "W11": Workload(
        "a worker with eight threads: jobs received, reported, deleted through the official packages",
        "jobs/s",
        {
            "fnfkit": messages.worker,
            "a report and a deletion through the packages, answered at once": messages.worker_ceiling,
            "huey on SQLite, no network": messages.huey_sqlite,
        },
        (3_000,),
        (3_000,),
        {"fnfkit": "≥ 500"},
    ),
    "W13": Workload(
        "one test: fresh cloud, ten steps deployed, run, torn down",
        "tests/s",
        {"fnfkit": harness.tests, "fnfkit, in pytest": harness.in_pytest, "moto": moto_states.test_rate},
        (1_000,),
        (20,),
        {"fnfkit": "≥ 500"},
    ),
    "W9p": Workload(
        "what the pytest plugin adds to a run that uses no fixture",
        "ms",
        {"fnfkit": harness.plugin_load},
        targets={"fnfkit": "≤ 20"},
        more_is_better=False,
    ),
    "W12": Workload(
        "start of the server until its first execution has ended",
        "s",
        {"fnfkit": start_up.first_execution, "moto server": start_up.moto_first_execution},
        targets={"fnfkit": "≤ 0.6"},
        more_is_better=False,
    ),
    "W12m": Workload(
        "resident memory of the server after its first execution",
        "MB",
        {"fnfkit": start_up.resident},
        targets={"fnfkit": "≤ 60"},
        more_is_better=False,
    ),
    "W14": Workload(
        "the history of a 1,000-step execution over HTTP, all pages",
        "events/s",
        {"fnfkit": wire.history, "moto server": wire.moto_history},
        (1_000,),
        (1_000,),
        {"fnfkit": "≥ 60,000"},
    ),
    "W15": Workload(
        "a call of a function on a warm process of its own",
        "µs",
        {"fnfkit": fc.warm, "bare multiprocessing round trip": fc.bare_round_trip},
        (1_000,),
        (1_000,),
        more_is_better=False,
    ),
    "W15c": Workload(
        "a call of a function that starts its process",
        "ms",
        {"fnfkit": fc.cold, "bare multiprocessing spawn and round trip": fc.bare_start},
        (20,),
        (20,),
        more_is_better=False,
    ),
}
