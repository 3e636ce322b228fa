"""Whatever flow FDL can express: its translations are either whole, or say what they lack."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fnfkit.cli.equivalence import differences
from fnfkit.lang import asl, cloudflow
from fnfkit.lang.translate import accumulating, replacing
from fnfkit.model.flow import Flow
from tests.lang.flow_strategies import flows

unhurried = settings(deadline=None, suppress_health_check=list(HealthCheck), max_examples=60)


@unhurried
@given(flows())
def test_state_machines_are_whole_or_say_what_they_lack(flow: Flow) -> None:
    forward = replacing(flow, "flow")
    writing = cloudflow.write(forward.flow)
    reading = cloudflow.read(writing.text)
    if writing.unsupported or forward.unsupported:
        return
    assert reading.errors == ()
    assert reading.flow is not None
    assert cloudflow.write(reading.flow).text == writing.text
    assert list(differences(flow, reading.flow, trials=2, seed=1)) == []
    accumulating(reading.flow)


@unhurried
@given(flows())
def test_asl_is_whole_or_says_what_it_lacks(flow: Flow) -> None:
    forward = replacing(flow, "flow")
    writing = asl.write(forward.flow)
    reading = asl.read(writing.text)
    if writing.unsupported or forward.unsupported:
        return
    assert reading.errors == ()
    assert reading.flow is not None
    assert asl.write(reading.flow).text == writing.text


@settings(deadline=None, max_examples=100)
@given(st.text(max_size=200) | st.from_regex(r"(Type|States|StartAt): [\[\]{}A-Za-z:, $.]{0,60}"))
def test_no_text_breaks_a_reader(text: str) -> None:
    for read in (cloudflow.read, asl.read):
        reading = read(text)
        assert reading.errors or reading.flow is not None
