"""What is deployed: a project in Python as the template it synthesises, or a template file as it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from fnfkit.cli.check import has_errors
from fnfkit.cli.deploy_files import Files
from fnfkit.cli.deploy_flows import broken_flows
from fnfkit.cli.deploy_named import stack_of
from fnfkit.cli.files import read_text
from fnfkit.cli.inspect_python import inspect_project
from fnfkit.cli.options import ALIYUN, AWS
from fnfkit.cli.output import progress
from fnfkit.cli.projects import ENTRY, project
from fnfkit.cli.refusal import REFUSED, Refusal
from fnfkit.deploy import DeployError, Shelf, aws, graph, synth
from fnfkit.deploy.record import FOLDER
from fnfkit.deploy.shelf import prefix_of
from fnfkit.dsl.errors import CompileError
from fnfkit.lang import cfn, ros
from fnfkit.lint import Options, render_text
from fnfkit.model.problem import Problem, Severity
from fnfkit.model.stack import SERVERLESS, Template

TEMPLATES = ("template.yml", "template.yaml", "template.json", "template.ros.yml")
_SUFFIXES = (".yml", ".yaml", ".json", ".template")
MOST_PROBLEMS = 20
CODE = f"{FOLDER}/code"
"""Where `fnfkit build` leaves the archives that a template names, each at its key."""


@dataclass(frozen=True, slots=True)
class Source:
    """A template, its text as it is sent, the folder it belongs to, the stack it would be, and code to upload first.
    `parameters` are those that it brings along itself."""

    template: Template
    text: str
    folder: Path
    stack: str
    shelf: Shelf
    parameters: Mapping[str, str] = field(default_factory=dict)


def source_of(given: str, stack: str, stage: str, *, cloud: str = ALIYUN, expand: bool, bucket: str) -> Source:
    """What a path names: FILE.py, FILE.py:APP, MODULE:APP, a template file, or a folder with either.

    `expand` does the transform here where code comes from files, because the service itself takes only code on OSS.
    Code that does not fit into the template is for the `bucket`. Raises `Refusal`.
    """
    if cloud == AWS:
        return aws_source(given, stack, stage, bucket=bucket)
    path = Path(given)
    if path.is_dir() and is_template(given):
        found = [path / name for name in TEMPLATES if (path / name).is_file()]
        if not found:
            there = f"{given} has no {ENTRY} and no template.yml"
            raise Refusal("NothingToDeploy", there, "name a project in Python or a template file")
        path = found[0]
    if is_template(str(path)):
        return _template(path, stack, Shelf(bucket), expand=expand)
    return _app(given, stack, stage, Shelf(bucket))


def is_template(given: str) -> bool:
    """Whether a path is that of a template file, or of a folder without an App."""
    path = Path(given)
    return not (path / ENTRY).is_file() if path.is_dir() else path.suffix in _SUFFIXES


def folder_of(given: str) -> Path:
    """The folder a project or template is in; its record and its stages are there too."""
    path = Path(given)
    if path.is_dir():
        return path
    front = Path(given.rpartition(":")[0]) if ".py:" in given else path
    return front.parent if front.is_file() or front.suffix in (*_SUFFIXES, ".py") else Path()


def guarded(made: Callable[[], Source]) -> Source:
    """What `made` returns, with its errors as refusals."""
    try:
        return made()
    except DeployError as error:
        raise refused(error) from error
    except CompileError as error:
        raise Refusal("CompileError", str(error), exit=REFUSED) from error


def refused(error: DeployError) -> Refusal:
    """A deployment's own error as the command's."""
    return Refusal(error.code, error.message, error.hint, exit=REFUSED)


def _app(given: str, stack: str, stage: str, shelf: Shelf) -> Source:
    def made() -> Source:
        refuse_errors(given)
        with project(given) as found:
            name = stack_of(found.app.name, stack, stage, cloud=ALIYUN)
            template = synth(graph(found.app, found.folder), name, cache=found.folder / FOLDER / "vendor", shelf=shelf)
            return Source(template, ros.write(template), found.folder, name, shelf)

    return guarded(made)


def aws_source(given: str, stack: str, stage: str, *, bucket: str) -> Source:
    """The stack that a project would be: FILE.py, FILE.py:APP, MODULE:APP, or a folder with an app.py.

    Raises `Refusal`, for a template file too: those are for the vendor's own tools.
    """
    if is_template(given):
        hint = "name a project in Python, or use `aws cloudformation deploy`"
        raise Refusal("NotAProject", f"{given} is a template, and --target aws takes projects", hint)

    def made() -> Source:
        refuse_errors(given)
        with project(given) as found:
            name = stack_of(found.app.name, stack, stage, cloud=AWS)
            shelf = Shelf(bucket, prefix=prefix_of(name))
            template = aws.synth(graph(found.app, found.folder), cache=found.folder / FOLDER / "vendor", shelf=shelf)
            parameters = {aws.BUCKET: bucket} if template.parameters else {}
            return Source(template, cfn.write(template), found.folder, name, shelf, parameters)

    return guarded(made)


def refuse_errors(given: str) -> None:
    """Raises `Refusal` if `fnfkit check` finds an error in a flow of a project."""
    found = inspect_project(given, Options())
    if has_errors(found):
        raise Refusal("InvalidFlow", render_text([one.checked for one in found]).rstrip(), exit=REFUSED)


def _template(path: Path, stack: str, shelf: Shelf, *, expand: bool) -> Source:
    if not stack:
        raise Refusal("NoStack", "a template file needs the name of a stack", "give it with --stack NAME")
    text = read_text(path, "template")
    reading = ros.read(text)
    _refuse(path, reading, reading.errors)
    template = reading.template
    if template is None:
        raise Refusal("InvalidTemplate", f"{path} holds no template", exit=REFUSED)
    made = _complete(path, reading, template, Files(path.parent, shelf, strict=expand))
    _judge(path, reading, ros.validate(made))
    _refuse_flows(path, text, reading, made)
    if made is template:
        return Source(template, text, path.parent, stack, shelf)
    if expand:
        made = ros.expand(made, stack_name=stack).template
    return Source(made, ros.write(made), path.parent, stack, shelf)


def _complete(path: Path, reading: ros.Reading, template: Template, files: Files) -> Template:
    """A SAM template with what only tools on this machine know: files, shared properties, names flows count on."""
    made = template
    if template.transform == SERVERLESS and (any(ros.local_files(template)) or (ros.SHARED,) in reading.marks):
        located = ros.localized(template, files)
        _refuse(path, reading, located.problems)
        made = located.template
    if ids := ros.taken_for_granted(made):
        progress(f"flows call {', '.join(ids)} by logical ID: deployed under that name")
        made = ros.named(made, ids)
    return made


def _refuse_flows(path: Path, text: str, reading: ros.Reading, template: Template) -> None:
    told = list(broken_flows(path, text, reading, template))
    if told:
        raise Refusal("InvalidFlow", "\n".join(told[:MOST_PROBLEMS]), exit=REFUSED)


def _judge(path: Path, reading: ros.Reading, problems: tuple[Problem, ...]) -> None:
    """Tells warnings, and refuses errors."""
    for problem in problems:
        if problem.severity is Severity.WARNING:
            progress(f"warning: {_told(path, reading, problem)}")
    _refuse(path, reading, problems)


def _refuse(path: Path, reading: ros.Reading, problems: tuple[Problem, ...]) -> None:
    errors = [problem for problem in problems if problem.severity is Severity.ERROR]
    if not errors:
        return
    told = [_told(path, reading, problem) for problem in errors[:MOST_PROBLEMS]]
    rest = len(errors) - len(told)
    raise Refusal("InvalidTemplate", "\n".join([*told, *([f"... and {rest} more"] if rest else [])]), exit=REFUSED)


def _told(path: Path, reading: ros.Reading, problem: Problem) -> str:
    mark = reading.mark(problem)
    place = f"{path}:{mark.line}:{mark.column}" if mark else str(path)
    where = "/".join(map(str, problem.path))
    return f"{place}: {problem.id} {where + ': ' if where else ''}{problem.message}" + (
        f" ({problem.fix})" if problem.fix else ""
    )
