"""Runs the workloads named on the command line, or all, and prints the table."""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
from pathlib import Path

from benchmarks.workloads import WORKLOADS, Workload

OURS = "fnfkit"
REPORT = Path(__file__).with_name("README.md")
BEGIN, END = "<!-- table -->", "<!-- end of table -->"


def measure(workload: str, contender: str, size: int, repeats: int) -> float | None:
    """The median of a few runs, each in its own process; None if the contender is not installed."""
    values = []
    for _ in range(repeats):
        command = [sys.executable, "-m", "benchmarks.cell", workload, contender, str(size)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=900)
        if done.returncode:
            sys.stderr.write(f"{workload} {contender}: {done.stderr.strip().splitlines()[-1:]}\n")
            return None
        values.append(float(json.loads(done.stdout.strip().splitlines()[-1])["value"]))
    return statistics.median(values)


def rows(name: str, workload: Workload) -> list[str]:
    """The table's lines for one workload: a line per contender and size, peers as a ratio to ours."""
    lines, ours = [], {}
    for contender in workload.contenders:
        own = contender.startswith(OURS)
        for size in workload.sizes if own else workload.peer_sizes:
            value = measure(name, contender, size, 3)
            if value is None:
                lines.append(f"| {name} | {contender} | {size:,} | did not run | | |")
                continue
            reference = ours.setdefault("value", value)
            ratio = reference / value if workload.more_is_better else value / reference
            target = workload.targets.get(contender, "") if own else ""
            shown = "" if own else f"ours is {ratio:,.1f} x"
            lines.append(f"| {name} | {contender} | {size:,} | {value:,.1f} {workload.unit} | {target} | {shown} |")
            sys.stderr.write(lines[-1] + "\n")
    return lines


def main() -> None:
    chosen = sys.argv[1:] or list(WORKLOADS)
    unknown = [name for name in chosen if name not in WORKLOADS]
    if unknown:
        raise SystemExit(f"unknown workload {unknown[0]}; there are {', '.join(WORKLOADS)}")
    header = [
        f"{os.cpu_count()} cores, {platform.python_implementation()} {platform.python_version()}, {platform.system()}",
        "",
        "| id | contender | size | measured | target | beside ours |",
        "|---|---|---|---|---|---|",
    ]
    table = header + [line for name in chosen for line in rows(name, WORKLOADS[name])]
    sys.stdout.write("\n".join(table) + "\n")
    if not sys.argv[1:]:
        before, _, rest = REPORT.read_text("utf-8").partition(BEGIN)
        after = rest.partition(END)[2]
        REPORT.write_text("\n".join([before + BEGIN, *table, END + after]), "utf-8")


if __name__ == "__main__":
    main()
