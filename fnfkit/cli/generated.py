"""`fnfkit tests`: tests for the paths of a flow that no test takes."""

from __future__ import annotations

import json as codec
from collections import Counter
from pathlib import Path

import click

from fnfkit.cli.files import read_text, write_text
from fnfkit.cli.flow_source import flow_named
from fnfkit.cli.options import FILE, as_json
from fnfkit.cli.output import progress, result
from fnfkit.cli.refusal import DONE, REFUSED, Refusal
from fnfkit.testing.coverage import Coverage
from fnfkit.testing.generating import Generated, generate


@click.command("tests")
@click.argument("flow", help="Definition, FILE.py, MODULE:APP, or a folder with an app.py.")
@click.option("--flow", "name", metavar="NAME", help="Which flow of a project that has several.")
@click.option("--coverage", type=FILE, metavar="JSON", help="What is covered already: pytest --fnf-cov-report json.")
@click.option("--out", type=FILE, help="Write to a file instead of standard output.")
@click.option("--seed", default=0, help="Where the search begins; another seed may find other inputs.")
@as_json
def tests(flow: str, name: str | None, coverage: Path | None, out: Path | None, seed: int, json: bool) -> int:
    """Write pytest tests for the paths of a flow that no test takes.

    Inputs, stub results and failures are searched for. What the flow turned out to do is what the tests expect: read
    them before you keep them. Exit code 1 if paths are left for which nothing was found.
    """
    title, model = flow_named(flow, name)
    path = Path(flow)
    given = path if path.suffix in (".yml", ".yaml", ".json") else model
    made = generate(given, name=title, covered=_covered(coverage, title), seed=seed, file=out)
    if not made.cases:
        progress("no tests to write" + ("" if made.missing else ": every path is taken"))
    elif out is not None:
        write_text(out, made.source)
        progress(f"{out} written: {len(made.cases)} tests")
    elif not json:
        print(made.source, end="")
    _tell(made, as_json=json)
    return REFUSED if made.missing else DONE


def _tell(made: Generated, *, as_json: bool) -> None:
    missing = {str(arm): why for arm, why in made.reasons.items()}
    if as_json:
        data = {"tests": len(made.cases), "source": made.source, "missing": list(missing), "reasons": missing}
        result(data, (), as_json=True)
    for arm, why in missing.items():
        progress(f"nothing found for {arm}: {why}")


def _covered(file: Path | None, title: str) -> Counter[tuple[str, str, str]]:
    """The arms that a coverage report says were taken of a flow of that name. Raises `Refusal`."""
    counts: Counter[tuple[str, str, str]] = Counter()
    if file is None:
        return counts
    known = Coverage()
    try:
        known.merge(codec.loads(read_text(file, "coverage")))
    except (ValueError, KeyError, TypeError) as error:
        hint = "make one with: pytest --fnf-cov --fnf-cov-report json:FILE"
        raise Refusal("NotCoverage", f"{file} is no flow coverage in JSON: {error!r}", hint) from error
    for flow in known:
        if flow.name == title:
            counts.update({arm.key: flow.hits(arm) for arm in flow.covered})
    return counts
