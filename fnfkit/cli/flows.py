"""`fnfkit flows ...`: the stored flows of an account."""

from __future__ import annotations

import click

from fnfkit.cli.blocks import Code, Facts, Line, Row, Table, Tone
from fnfkit.cli.flow_source import text_named
from fnfkit.cli.following import every
from fnfkit.cli.moments import stamp
from fnfkit.cli.options import as_json, connection, from_project
from fnfkit.cli.output import result
from fnfkit.cli.refusal import Refusal
from fnfkit.cli.wiring import remote
from fnfkit.model.json import JsonObject
from fnfkit.ports.flows import FlowRecord

app = click.Group("flows", help="The flows of an account.", no_args_is_help=True)


@app.command()
@connection
@as_json
def ls(endpoint: str, region: str, profile: str, json: bool) -> int:
    """List the flows."""
    flows = remote(endpoint, region, profile)
    records = every(lambda token: flows.list_flows(next_token=token))
    rows = tuple(Row((flow.name, stamp(flow.modified), flow.description)) for flow in records)
    table = Table(("name", "modified", "description"), rows)
    result([_data(flow) for flow in records], [table if rows else Line("no flows", Tone.QUIET)], as_json=json)
    return 0


@app.command()
@click.argument("name", metavar="FLOW", help="Name of the flow.")
@click.argument("file", help="Definition, FILE.py, MODULE:APP, or a folder with an app.py.")
@from_project
@click.option("--description", default="", show_default=False, help="What the flow is for.")
@click.option("--role", default="", show_default=False, help="ARN of the role the flow runs with.")
@click.option("--no-check", is_flag=True, help="Leave checking the definition to the service.")
@connection
@as_json
def create(
    name: str,
    file: str,
    flow: str | None,
    description: str,
    role: str,
    no_check: bool,
    endpoint: str,
    region: str,
    profile: str,
    json: bool,
) -> int:
    """Create a flow from a definition or from a project in Python."""
    definition = text_named(file, flow, check=not no_check)
    flows = remote(endpoint, region, profile)
    # The service wants a description (api-fnf.md 5); the flow's name says something at least.
    made = flows.create_flow(name, definition, description=description or name, role_arn=role)
    result(_data(made), [Line(f"flow {made.name} created", Tone.GOOD)], as_json=json)
    return 0


@app.command()
@click.argument("name", metavar="FLOW", help="Name of the flow.")
@connection
@as_json
def show(name: str, endpoint: str, region: str, profile: str, json: bool) -> int:
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
@click.argument("name", metavar="FLOW", help="Name of the flow.")
@click.argument("file", required=False, help="New definition, FILE.py, MODULE:APP, or a folder with an app.py.")
@from_project
@click.option("--description", help="What the flow is for.")
@click.option("--role", help="ARN of the role the flow runs with.")
@click.option("--no-check", is_flag=True, help="Leave checking the definition to the service.")
@connection
@as_json
def update(
    name: str,
    file: str | None,
    flow: str | None,
    description: str | None,
    role: str | None,
    no_check: bool,
    endpoint: str,
    region: str,
    profile: str,
    json: bool,
) -> int:
    """Change a flow's definition, description or role; what is not given stays as it is."""
    if file is None and description is None and role is None:
        raise Refusal("NothingToDo", "nothing to update", "give a FILE, --description or --role")
    definition = None if file is None else text_named(file, flow, check=not no_check)
    flows = remote(endpoint, region, profile)
    changed = flows.update_flow(name, definition=definition, description=description, role_arn=role)
    result(_data(changed), [Line(f"flow {changed.name} updated", Tone.GOOD)], as_json=json)
    return 0


@app.command()
@click.argument("name", metavar="FLOW", help="Name of the flow.")
@connection
@as_json
def rm(name: str, endpoint: str, region: str, profile: str, json: bool) -> int:
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
