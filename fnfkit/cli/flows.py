"""`fnfkit flows ...`: the stored flows of an account."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fnfkit.cli.blocks import Code, Facts, Line, Row, Table, Tone
from fnfkit.cli.following import every
from fnfkit.cli.moments import stamp
from fnfkit.cli.options import AsJson, Endpoint, FlowName, Profile, Region
from fnfkit.cli.output import result
from fnfkit.cli.refusal import Refusal
from fnfkit.cli.sources import read_definition
from fnfkit.cli.wiring import remote
from fnfkit.model.json import JsonObject
from fnfkit.ports.flows import FlowRecord

app = typer.Typer(help="The flows of an account.", no_args_is_help=True, rich_markup_mode=None)

Definition = Annotated[Path, typer.Argument(metavar="FILE", help="File with the definition.")]
NewDefinition = Annotated[Path | None, typer.Argument(metavar="[FILE]", help="File with the new definition.")]
Role = Annotated[str, typer.Option("--role", help="ARN of the role the flow runs with.")]
NewRole = Annotated[str | None, typer.Option("--role", help="ARN of the role the flow runs with.")]
Unchecked = Annotated[bool, typer.Option("--no-check", help="Leave checking the definition to the service.")]


@app.command()
def ls(endpoint: Endpoint = "", region: Region = "", profile: Profile = "", json: AsJson = False) -> int:
    """List the flows."""
    flows = remote(endpoint, region, profile)
    records = every(lambda token: flows.list_flows(next_token=token))
    rows = tuple(Row((flow.name, stamp(flow.modified), flow.description)) for flow in records)
    table = Table(("name", "modified", "description"), rows)
    result([_data(flow) for flow in records], [table if rows else Line("no flows", Tone.QUIET)], as_json=json)
    return 0


@app.command()
def create(
    name: FlowName,
    file: Definition,
    description: Annotated[str, typer.Option(help="What the flow is for.")] = "",
    role: Role = "",
    no_check: Unchecked = False,
    endpoint: Endpoint = "",
    region: Region = "",
    profile: Profile = "",
    json: AsJson = False,
) -> int:
    """Create a flow from a file."""
    definition = read_definition(file, check=not no_check)
    flows = remote(endpoint, region, profile)
    # The service wants a description (api-fnf.md 5); the flow's name says something at least.
    flow = flows.create_flow(name, definition, description=description or name, role_arn=role)
    result(_data(flow), [Line(f"flow {flow.name} created", Tone.GOOD)], as_json=json)
    return 0


@app.command()
def show(
    name: FlowName, endpoint: Endpoint = "", region: Region = "", profile: Profile = "", json: AsJson = False
) -> int:
    """Show a flow and its definition."""
    flow = remote(endpoint, region, profile).describe_flow(name)
    facts = {
        "name": flow.name,
        "description": flow.description,
        "role": flow.role_arn,
        "created": stamp(flow.created),
        "modified": stamp(flow.modified),
    }
    shown = tuple((key, value, Tone.PLAIN) for key, value in facts.items() if value)
    result(_data(flow), [Facts(shown), Code(flow.definition, "yaml")], as_json=json)
    return 0


@app.command()
def update(
    name: FlowName,
    file: NewDefinition = None,
    description: Annotated[str | None, typer.Option(help="What the flow is for.")] = None,
    role: NewRole = None,
    no_check: Unchecked = False,
    endpoint: Endpoint = "",
    region: Region = "",
    profile: Profile = "",
    json: AsJson = False,
) -> int:
    """Change a flow's definition, description or role; what is not given stays as it is."""
    if file is None and description is None and role is None:
        raise Refusal("NothingToDo", "nothing to update", "give a FILE, --description or --role")
    definition = None if file is None else read_definition(file, check=not no_check)
    flows = remote(endpoint, region, profile)
    flow = flows.update_flow(name, definition=definition, description=description, role_arn=role)
    result(_data(flow), [Line(f"flow {flow.name} updated", Tone.GOOD)], as_json=json)
    return 0


@app.command()
def rm(
    name: FlowName, endpoint: Endpoint = "", region: Region = "", profile: Profile = "", json: AsJson = False
) -> int:
    """Delete a flow; its running executions stop after their current step."""
    remote(endpoint, region, profile).delete_flow(name)
    result({"name": name}, [Line(f"flow {name} deleted", Tone.GOOD)], as_json=json)
    return 0


def _data(flow: FlowRecord) -> JsonObject:
    return {
        "name": flow.name,
        "id": flow.id,
        "description": flow.description,
        "definition": flow.definition,
        "role_arn": flow.role_arn,
        "created": stamp(flow.created),
        "modified": stamp(flow.modified),
    }
