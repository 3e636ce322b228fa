"""A Lambda runtime in small, a process of its own: loads the handler from a folder, then answers a line per event.

Started with `python -I -S`: it sees the standard library and the archive, and no fnfkit but what the archive holds.
`time.time()` is what the caller says.
"""

import _sitebuiltins
import builtins
import importlib
import io
import json
import sys
import time
import traceback
from types import SimpleNamespace


def main(folder, handler):
    builtins.exit = _sitebuiltins.Quitter("exit", "")  # what -S leaves out
    requests, answers = sys.stdin, sys.stdout
    sys.stdin, sys.stdout = io.StringIO(), sys.stderr  # exit() closes sys.stdin
    sys.path.insert(0, folder)
    moment = [0.0]
    time.time = lambda: moment[0]
    found = None
    for line in requests:
        asked = json.loads(line)
        moment[0] = asked["now"]
        try:
            if found is None:
                module, _, name = handler.rpartition(".")
                found = getattr(importlib.import_module(module), name)
            answer = {"payload": found(asked["event"], SimpleNamespace(**asked["context"]))}
        except Exception as error:
            told = {"errorMessage": str(error), "errorType": type(error).__name__}
            answer = {"payload": {**told, "stackTrace": traceback.format_tb(error.__traceback__)}, "failed": True}
        print(json.dumps(answer), file=answers, flush=True)


main(sys.argv[1], sys.argv[2])
