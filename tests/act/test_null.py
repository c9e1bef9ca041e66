"""A dry run says what would be done, and does nothing."""

from tests.act.samples import alert, order
from vigilog.act.null import Null
from vigilog.act.script import Script


def test_what_would_have_been_done_is_the_outcome(tmp_path):
    script = tmp_path / "act.sh"
    script.write_text(f"#!/bin/sh\ntouch {tmp_path}/run\n")
    script.chmod(0o755)
    action = Null(Script(str(script), base={}).would)
    found = list(action.perform([order(1), order(2)]))
    action.close()
    assert [(one.order.number, one.done, one.reason) for one in found] == [
        (number, True, f"dry run: would run {script} for 203.0.113.5") for number in (1, 2)
    ]
    assert not (tmp_path / "run").exists()


def test_an_action_that_is_null_by_configuration_says_whom_it_was_told_of():
    [found] = Null().perform([order(about=alert(key=("al\x1b",), rule="sudo"))])
    assert found.reason == r"dry run: would do something about sudo al\x1b"
