"""Correct flows: nothing to complain about, and reading what was written gives the same flow."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from fnfkit.lang.dialects import DIALECTS
from fnfkit.lang.fdl import read, write
from fnfkit.lang.marked import load
from fnfkit.model.flow import Flow

GOOD = Path(__file__).parents[1] / "data" / "flows" / "good"
FILES = sorted(GOOD.glob("*.yml"))


def flow_in(path: Path) -> Flow:
    reading = read(path.read_bytes().decode())
    assert reading.problems == ()
    assert reading.flow is not None
    return reading.flow


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_writing_and_reading_keeps_the_flow(path: Path) -> None:
    flow = flow_in(path)
    writing = write(flow)
    assert writing.unsupported == ()
    assert read(writing.text).flow == flow
    assert write(flow).text == writing.text


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_canonical_text_is_written_as_it_is(path: Path) -> None:
    canonical = write(flow_in(path)).text
    again = read(canonical)
    assert again.problems == ()
    assert again.flow is not None
    assert write(again.flow).text == canonical


@pytest.mark.parametrize("path", [p for p in FILES if p.stem != "tags"], ids=lambda path: path.stem)
def test_other_yaml_readers_see_the_same_types(path: Path) -> None:
    """PyYAML's safe loader is a YAML 1.1 reader: it must find the same texts and numbers."""
    canonical = write(flow_in(path)).text
    assert yaml.safe_load(canonical) == load(canonical).value


def test_the_canonical_form() -> None:
    assert write(flow_in(GOOD / "foreach.yml")).text == CANONICAL


def test_the_older_version_name_means_the_same() -> None:
    text = (GOOD / "poll.yml").read_text("utf-8")
    assert read(text.replace("version: v1", "version: v1beta1")).flow == read(text).flow


def test_places_are_in_model_order() -> None:
    text = (GOOD / "poll.yml").read_text("utf-8")
    reading = read(text)
    lines = text.split("\n")
    assert reading.flow is not None
    for position, step in enumerate(reading.flow.steps):
        line = lines[reading.marks["steps", position, "name"].line - 1]
        assert line == f"    name: {step.name}"
    goto = reading.marks["steps", 4, "choices", 1, "goto"]
    assert lines[goto.line - 1][goto.column - 1 :] == "goto: Bad"


def test_dialects_offer_reader_and_writer() -> None:
    flow = flow_in(GOOD / "poll.yml")
    fdl = DIALECTS["fdl"]
    assert fdl.read(fdl.write(flow).text).flow == flow


CANONICAL = """\
version: v1
type: flow
inputMappings:
  - target: files
    source: $input.files
steps:
  - type: foreach
    name: Each
    outputMappings:
      - target: sizes
        source: $local[*].parts[*].size
    iterationMapping:
      collection: $.files
      item: file
      index: i
    steps:
      - type: task
        name: Copy
        end: true
        resourceArn: acs:fc:::services/oss/functions/copy
        catch:
          - errors:
              - FnF.ALL
            goto: Skip
      - type: pass
        name: Skip
        outputMappings:
          - target: skipped
            source: $input.file.name
  - type: succeed
    name: Done
outputMappings:
  - target: sizes
    source: $local.sizes
  - target: count
    source: $input.files
"""
