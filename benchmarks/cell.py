"""One cell of the table, in a process of its own: a workload, a contender, a size."""

from __future__ import annotations

import json
import sys

from benchmarks import workloads
from fnfkit.cloud.garbage import collect_less_often


def main() -> None:
    workload, contender, size = sys.argv[1:4]
    if contender.startswith("fnfkit"):
        collect_less_often()  # as the command line does in the processes it starts
    value = workloads.WORKLOADS[workload].contenders[contender](int(size))
    sys.stdout.write(json.dumps({"value": value}) + "\n")


if __name__ == "__main__":
    main()
