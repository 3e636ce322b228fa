"""Why a command does not do what it was asked: as data for scripts and as a sentence for people."""

from __future__ import annotations

from fnfkit.ports.fault import Fault

DONE = 0
REFUSED = 1
USAGE = 2
UNREACHABLE = 3
BUG = 70
INTERRUPTED = 130


class Refusal(Exception):
    """Ends a command. `hint` says what to do about it; `exit` is the process's exit code."""

    def __init__(self, code: str, message: str, hint: str = "", *, exit: int = USAGE) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.exit = exit


_HINTS = {
    "NoPermission": "`fnfkit doctor` tells what is missing; infra/operator.json has the rights that deploying takes",
    "FlowNotExists": "list the flows there are with: fnfkit flows ls",
    "ExecutionNotExists": "list the executions there are with: fnfkit executions FLOW",
    "FlowAlreadyExists": "change it with: fnfkit flows update NAME FILE",
    "ExecutionAlreadyExists": "choose another --name, or leave it out to get a generated one",
    "InvalidAccessKeyID": "take over the export lines that `fnfkit dev` prints, or check --profile",
    "InvalidAccessKeyId.NotFound": "take over the export lines that `fnfkit dev` prints, or check --profile",
    "InvalidAccessKeySecret": "the access key's secret is not the one of this account",
    "SignatureNotMatch": "the access key's secret is not the one of this account",
    "ExecutionAlreadyCompleted": "see how it ended with: fnfkit history FLOW EXECUTION",
    "RequestTimeTooSkewed": "set the clock of this machine",
    "TaskAlreadyCompleted": "each token can be reported once",
}


def refusal_of(fault: Fault) -> Refusal:
    """A service's refusal as the command's."""
    return Refusal(fault.code, fault.message, _HINTS.get(fault.code, ""), exit=REFUSED)
