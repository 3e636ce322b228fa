"""The errors every reader of FDL reports: listed here for the documentation, found by `lang.fdl`."""

from __future__ import annotations

from fnfkit.lint.rule import Rule, flow_text
from fnfkit.model.problem import Severity


def _error(id: str, title: str, source: str, explanation: str, *, bad: str, good: str) -> Rule:
    return Rule(id=id, title=title, severity=Severity.ERROR, source=source, explanation=explanation, bad=bad, good=good)


_STEP = "- type: pass\n  name: Step"
_WORK = "- type: task\n  name: Work\n  resourceArn: acs:fc:::services/lab/functions/work"
_WAIT = "- type: wait\n  name: Pause\n  duration: %s"
_GOTO = "- type: choice\n  name: Pick\n  choices:\n    - condition: %s\n      goto: %s\n- type: succeed\n  name: Done"
_CATCH = _WORK + "\n  catch:\n    - errors: %s\n      %s\n- type: succeed\n  name: Done"
_EACH = "- type: foreach\n  name: Each\n  iterationMapping: {%s}\n  steps:\n    - type: pass\n      name: Step"
_MAPPED = "- type: pass\n  name: Step\n  outputMappings:\n    - {target: key, source: %s}"

RULES = (
    _error(
        "E00",
        "text that is no document",
        "fdl.md 1",
        "The text is not one YAML or JSON document, or it is nested or aliased beyond all measure.",
        bad="steps: [",
        good=flow_text(_STEP),
    ),
    _error(
        "E01",
        "header or step type missing or unknown",
        "fdl.md 1.1, 2.1",
        "A flow needs `version: v1`, `type: flow` and `steps`; a step needs one of the eight documented types.",
        bad="version: v7\n" + flow_text(_STEP).partition("\n")[2],
        good=flow_text(_STEP),
    ),
    _error(
        "E02",
        "step without a name of its own",
        "fdl.md 2.2",
        "Every step has a name, and no other step of the flow, nested ones included, has the same.",
        bad=flow_text(_STEP + "\n" + _STEP),
        good=flow_text(_STEP + "\n" + _STEP.replace("Step", "Other")),
    ),
    _error(
        "E03",
        "property that the step does not have",
        "fdl.md 2.1",
        "Each step type has its own list of properties, and the service refuses all others.",
        bad=flow_text(_STEP + "\n  retry: []"),
        good=flow_text(_WORK + "\n  retry: []"),
    ),
    _error(
        "E04",
        "task without exactly one sound target",
        "fdl.md 4.1, 4.3",
        "A task has either a resourceArn of a documented form or an action `service:Api`.",
        bad=flow_text(_WORK.replace("fc:::", "fc::")),
        good=flow_text(_WORK),
    ),
    _error(
        "E05",
        "goto that leads nowhere",
        "fdl.md 2.7, 4.7",
        "A goto names a step of the same sequence as the choice or task it belongs to.",
        bad=flow_text(_GOTO % ("$.ready", "Dome")),
        good=flow_text(_GOTO % ("$.ready", "Done")),
    ),
    _error(
        "E06",
        "wait for an impossible time",
        "fdl.md 2.4",
        "A wait has either a duration of at most two days or an RFC 3339 timestamp, or a path to one.",
        bad=flow_text(_WAIT % "172801"),
        good=flow_text(_WAIT % "172800"),
    ),
    _error(
        "E07",
        "condition that does not parse",
        "fdl.md 5.2",
        "Conditions compare paths, numbers, quoted texts, true and false with `==`, `<` and the like.",
        bad=flow_text(_GOTO % ("$.ready =", "Done")),
        good=flow_text(_GOTO % ("$.ready", "Done")),
    ),
    _error(
        "E08",
        "retry or catch that is not sound",
        "fdl.md 4.6, 4.7; 8 no. 4",
        "`errors` lists error names; the numbers and the goto stand beside it, not below its items.",
        bad=flow_text(_CATCH % ("[]", "goto: Done")),
        good=flow_text(_CATCH % ("[FnF.ALL]", "goto: Done")),
    ),
    _error(
        "E09",
        "pattern that the target does not offer",
        "fdl.md 4.2",
        "Functions and flows offer all three patterns; messages have no sync; actions have requestResponse only.",
        bad=flow_text(_WORK + "\n  pattern: async"),
        good=flow_text(_WORK + "\n  pattern: requestResponse"),
    ),
    _error(
        "E10",
        "container that is not sound",
        "fdl.md 2.8, 2.9",
        "A parallel step has 1 to 100 branches with steps; a foreach step names a collection and an item.",
        bad=flow_text(_EACH % "collection: $.rows"),
        good=flow_text(_EACH % "collection: $.rows, item: row"),
    ),
    _error(
        "E11",
        "value of the wrong kind",
        "fdl.md 2.1, 4.1",
        "The property takes a value of another type or range.",
        bad=flow_text(_WORK + "\n  timeoutSeconds: soon"),
        good=flow_text(_WORK + "\n  timeoutSeconds: 30"),
    ),
    _error(
        "E12",
        "source that starts like a path and is none",
        "fdl.md 3.5",
        'After `$input`, `$local` or `$context` come `.key`, `[0]`, `["key"]` or `[*]`.',
        bad=flow_text(_MAPPED % "$input.a-b"),
        good=flow_text(_MAPPED % "$input.a_b"),
    ),
    _error(
        "E13",
        "Python that cannot become a flow",
        "fdl.md 2",
        "A construct of Python that FDL has no step for, as the compiler of `@app.flow` reports it. The "
        "page docs/language.md has every construct, what it becomes, and the way out where it cannot.",
        bad="",
        good="",
    ),
)
