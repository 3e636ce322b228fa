"""`fnfkit graph`: pictures of definitions and of projects."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.cli.conftest import TEMPLATES, Cli

POLL = TEMPLATES / "poll"
MERMAID = """\
flowchart TD
    n0(("start"))
    n1["StartJob<br/>fnf-demo/StartJob"]
    n2["Init"]
    n3(["Wait10s<br/>10 s"]):::wait
    n4["GetJobStatus<br/>fnf-demo/GetJobStatus"]
    n5{"CheckJobComplete"}
    n6(["JobSucceeded"]):::succeed
    n7(["JobFailed"]):::fail
    n0 --> n1
    n1 --> n2
    n2 --> n3
    n3 --> n4
    n4 --> n5
    n5 -->|"$.status == #34;success#34;"| n6
    n5 -->|"$.try_count #62; 3 or else"| n7
    n5 -->|"$.status == #34;running#34;"| n3
    classDef succeed fill:#dafbe1,stroke:#1a7f37
    classDef fail fill:#ffebe9,stroke:#cf222e
    classDef wait fill:#fff8c5,stroke:#9a6700
"""


def test_mermaid_text(cli: Cli, tmp_path: Path) -> None:
    assert cli("graph", POLL / "flow.fdl.yml", "--format", "mermaid").out == MERMAID
    assert cli("graph", POLL / "app.py", "--out", "poll.mmd").exit == 0
    assert (tmp_path / "poll.mmd").read_text() == MERMAID


def test_svg_is_the_default(cli: Cli, tmp_path: Path) -> None:
    root = ElementTree.fromstring(cli("graph", POLL / "flow.fdl.yml").out)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert root[0].text == "poll"
    assert cli("graph", POLL, "--out", "poll.svg").exit == 0
    assert ElementTree.parse(tmp_path / "poll.svg").getroot()[0].text == "poll"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["absent.yml"], "FileNotFound"),
        (["broken.yml"], "InvalidDefinition"),
        (["two.py"], "SeveralFlows"),
        (["two.py", "--flow", "c"], "FlowNotFound"),
        (["none.py"], "NoFlows"),
        (["two.py", "--format", "png"], "UsageError"),
    ],
)
def test_wrong_usage_is_said_so(cli: Cli, tmp_path: Path, words: list[str], code: str) -> None:
    (tmp_path / "broken.yml").write_text("steps: [")
    (tmp_path / "none.py").write_text("from fnfkit import App\n\napp = App('none')\n")
    flows = "".join(f"\n\n@app.flow\ndef {name}() -> None:\n    wait(seconds=1)\n" for name in "ab")
    (tmp_path / "two.py").write_text("from fnfkit import App, wait\n\napp = App('two')\n" + flows)
    said = cli("graph", *words)
    assert said.out == ""
    assert f"error[{code}]" in said.err
    assert cli("graph", "two.py", "--flow", "b").exit == 0
