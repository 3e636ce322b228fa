"""`fnfkit check`: the mistakes in flows that would otherwise be found in production."""

from __future__ import annotations

import json as codec
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fnfkit import __version__
from fnfkit.cli.files import read_text
from fnfkit.cli.inspection import OTHER_ROLES, Inspected, expand, inspect_definition, is_python
from fnfkit.cli.options import FILE, as_json
from fnfkit.cli.output import progress, result
from fnfkit.cli.refusal import DONE, REFUSED, Refusal
from fnfkit.cli.wiring import exercise, project_inspector
from fnfkit.lint import CATALOGUE, Options, Promises, as_sarif, from_samples, from_schema, render_text, summary
from fnfkit.lint import as_json as as_report
from fnfkit.lint.words import nearest
from fnfkit.model.json import Json
from fnfkit.model.problem import Severity

if TYPE_CHECKING:
    from fnfkit.cli.inspect_python import Unused

COVERAGE = "fnf-coverage.json"
"""Where pytest writes its data about flows, unless it is told otherwise."""


@click.command("check")
@click.argument(
    "paths", metavar="PATH...", nargs=-1, required=True, help="Definitions, FILE.py, MODULE:APP, or folders of them."
)
@click.option("--sample", type=FILE, multiple=True, metavar="INPUT.json", help="Input of the flow, as an example.")
@click.option("--schema", multiple=True, metavar="FUNCTION=FILE", help="JSON Schema of what a function returns.")
@click.option("--enable", multiple=True, metavar="IDS", help="Rules that only advise, to be heard too: W16,W17.")
@click.option("--disable", multiple=True, metavar="IDS", help="Rules not to be heard.")
@click.option("--scheduled", is_flag=True, help="Say that a schedule starts the flows.")
@click.option("--coverage", type=FILE, metavar="FILE", help=f"Data of a test run; {COVERAGE} if that is here.")
@click.option("--strict", is_flag=True, help="Let warnings fail too: exit code 1 if there is any finding.")
@click.option("--sarif", is_flag=True, help="Print SARIF 2.1.0, for code scanning services.")
@as_json
def check(
    paths: tuple[str, ...],
    sample: tuple[Path, ...],
    schema: tuple[str, ...],
    enable: tuple[str, ...],
    disable: tuple[str, ...],
    scheduled: bool,
    coverage: Path | None,
    strict: bool,
    sarif: bool,
    json: bool,
) -> int:
    """Find mistakes in flows, in FDL and in Python alike.

    Folders are searched for flows. A Python file is loaded, which runs its code, and findings name its own lines.
    With the data of a test run, rights are listed that deployment gives to the roles of a project and no test used.
    Exit code 1 if there are errors; warnings alone are 0, unless --strict is given.
    """
    options = Options(
        promises=_promises(sample, schema), scheduled=scheduled, enable=_ids(enable), disable=_ids(disable)
    )
    found = inspect_all(paths, options, coverage)
    checked = [one.checked for one in found]
    if sarif:
        print(codec.dumps(as_sarif(checked, __version__)))
    elif json:
        result(as_report(checked, [one.flow for one in found]), (), as_json=True)
    else:
        print(render_text(checked), end="")
        any_found = any(one.findings for one in checked)
        progress(f"{_count(found)} checked" + ("" if any_found else f": {summary(checked)}"))
    failed = any(one.findings for one in checked) if strict else has_errors(found)
    return REFUSED if failed else DONE


def inspect_all(paths: Iterable[str], options: Options, coverage: Path | None = None) -> list[Inspected]:
    """Every flow that the paths stand for, with its findings, each file once. Raises `Refusal`."""
    file = coverage or Path(COVERAGE)
    if (coverage or file.is_file()) and "W23" not in options.disable:
        exercised = exercise(file, asked=coverage is not None)
        found = _inspected(paths, options, exercised.unused)
        others = exercised.others()
        return [*found, others] if others else found
    return _inspected(paths, options, lambda _: {})


def _inspected(paths: Iterable[str], options: Options, unused: Unused) -> list[Inspected]:
    found: list[Inspected] = []
    for given in dict.fromkeys(file for path in paths for file in expand(path)):
        if is_python(given):
            found += project_inspector()(given, options, unused)
        else:
            found.append(inspect_definition(Path(given), options))
    return found


def has_errors(found: Iterable[Inspected]) -> bool:
    """Whether there is an error among the findings."""
    return any(finding.severity is Severity.ERROR for one in found for finding in one.checked.findings)


def _count(found: list[Inspected]) -> str:
    flows = sum(one.name != OTHER_ROLES for one in found)
    return "1 flow" if flows == 1 else f"{flows} flows"


def _promises(samples: tuple[Path, ...], schemas: tuple[str, ...]) -> Promises:
    results = {}
    for given in schemas:
        function, equals, file = given.partition("=")
        if not equals:
            raise Refusal("UsageError", f"--schema {given} names no file", "write --schema FUNCTION=FILE")
        results[function] = from_schema(_json(Path(file), "schema"))
    if not samples:
        return Promises(results=results)
    return Promises(results=results, input=from_samples([_object(path) for path in samples]))


def _object(path: Path) -> Json:
    value = _json(path, "sample")
    if not isinstance(value, dict):
        raise Refusal("InvalidJson", f"{path}: the input of a flow is a JSON object, not {type(value).__name__}")
    return value


def _json(path: Path, what: str) -> Json:
    text = read_text(path, what)
    try:
        return codec.loads(text)
    except codec.JSONDecodeError as error:
        raise Refusal("InvalidJson", f"{path}:{error.lineno}:{error.colno}: {what} is not JSON: {error.msg}") from None
    except (RecursionError, ValueError) as error:
        raise Refusal("InvalidJson", f"{path}: {what} cannot be read: {error}") from None


def _ids(given: tuple[str, ...]) -> frozenset[str]:
    ids = frozenset(id.strip().upper() for word in given for id in word.split(",") if id.strip())
    for id in sorted(ids - CATALOGUE.keys()):
        near = nearest(id, CATALOGUE)
        raise Refusal("UnknownRule", f"there is no rule {id}", f"is {near} meant?" if near else "see docs/rules")
    return ids
