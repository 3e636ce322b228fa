"""The resource classes against the documented types."""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import get_args

import pytest

from fnfkit.lang import ros
from fnfkit.lang.ros.schema import types
from fnfkit.model.resources import AnyResource, Flow, Queue, Schedule, property_name, resource
from fnfkit.model.stack import GetAtt, Template


@pytest.mark.parametrize("kind", get_args(AnyResource), ids=lambda kind: kind.__name__)
def test_fields_are_properties_and_required_ones_are_required(kind: type) -> None:
    known = types()[kind.TYPE].properties  # type: ignore[attr-defined]
    declared = {property_name(field.name): field.default is MISSING for field in fields(kind)}
    assert set(declared) <= set(known)
    assert {name for name, required in declared.items() if required} == {
        name for name, spec in known.items() if spec.required
    }


def test_they_make_a_template() -> None:
    template = Template(
        resources=(
            resource("Queue", Queue(queue_name="q", visibility_timeout=60)),
            resource("Flow", Flow(name="f", definition="version: v1"), depends_on=("Queue",)),
            resource(
                "Tick",
                Schedule(
                    flow_name=GetAtt("Flow", "Name"), schedule_name="t", cron_expression="@every 1m", enable=False
                ),
            ),
        )
    )
    assert ros.validate(template) == ()
    assert ros.read(ros.write(template)).template == template
    assert ros.creation_order(template) == (("Queue", "Flow", "Tick"), ())
    assert template.resources[2].properties["Enable"] is False
