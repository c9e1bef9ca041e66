"""The actions in the threads that the daemon gives them: none waits for another, and the end comes in time with all outcomes."""

import os
import random
import select
import socket
import time

from tests.act.samples import order
from vigilog.act.append import Append
from vigilog.act.mail import Mail
from vigilog.act.script import Script
from vigilog.act.webhook import Webhook
from vigilog.core.nouns import Outcome
from vigilog.run.acting import Acting


def until(acting, found, condition, seconds=15):
    end = time.monotonic() + seconds
    while not condition(found) and time.monotonic() < end:
        select.select([acting], [], [], 0.1)
        found += acting.outcomes()
    assert condition(found)


def of(found, name):
    return sorted(outcome.order.number for outcome in found if outcome.order.action == name)


def test_a_hanging_script_a_dead_server_and_a_digest_hold_nobody_up_and_all_end_in_time(tmp_path):
    script = tmp_path / "act.sh"
    script.write_text("#!/bin/sh\n[ $VIGILOG_ORDER != 1 ] || sleep 1000\n")
    script.chmod(0o755)
    mails = []
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    acting = Acting()
    acting.replace(
        {
            "script": Script(str(script), base={"PATH": os.environ["PATH"]}, parallel=2),
            "mail": Mail(lambda subject, body: mails.append((subject, body)), host="web1", digest=600),
            "webhook": Webhook(f"http://127.0.0.1:{port}/", host="web1", chance=random.Random(1)),
            "append": Append(str(tmp_path / "a.log")),
        },
        1,
    )
    found: list[Outcome] = []
    acting.order([order(1, action=name) for name in ("script", "mail", "webhook", "append")])
    until(acting, found, lambda found: of(found, "append") == of(found, "mail") == [1])
    acting.order([order(2, action=name) for name in ("script", "mail", "webhook", "append")])
    until(acting, found, lambda found: of(found, "append") == [1, 2] and of(found, "script") == [2])
    assert len(mails) == 1
    assert acting.waiting() == {"script": 1, "mail": 1, "webhook": 2, "append": 0}

    begun = time.monotonic()
    found = acting.close(5)
    assert time.monotonic() - begun < 6
    assert [
        (outcome.order.action, outcome.order.number, outcome.done) for outcome in found if outcome.order.action != "mail"
    ] == [("script", 1, False)]
    assert of(found, "mail") == [2]
    assert len(mails) == 2
