"""A storm: 50,000 alerts in well under a minute, each about another address. Nothing is lost, and memory stays bounded."""

import email
import email.policy
import time

import pytest
from aiosmtpd.controller import Controller

from tests.act.namespaces import namespace
from tests.watchman.kernel import addresses, failed, held
from tests.watchman.running import running

pytestmark = pytest.mark.peer

MANY = 50_000
PIECE = 250
SECONDS = 10
"""The storm is that long; the issue's is a minute long."""
DIGEST = 22
"""The mail's `digest`, in seconds: long enough for all of the storm to be in one."""
BOUND = 128 << 20
"""What the daemon may have resident at any time of the storm, in bytes; about 95 MiB were seen."""

TRIGGER = f"""
[ban]
time = "2h"
[mail]
to = ["root@localhost"]
transport = "smtp"
smtp_host = "127.0.0.1"
smtp_port = 8025
[action.tell]
type = "mail"
digest = "{DIGEST}s"
[[trigger]]
rule = "sshd"
count = 1
actions = ["ban", "tell"]
"""


class Inbox:
    """What aiosmtpd has been given, with the moment."""

    def __init__(self):
        self.mails = []

    async def handle_DATA(self, server, session, envelope):
        self.mails.append((time.monotonic(), email.message_from_bytes(envelope.content, policy=email.policy.default)))
        return "250 OK"


@pytest.fixture
def host(need):
    need("nft", "ip")
    with namespace() as made:
        yield made


@pytest.fixture
def inbox(host):
    received = Inbox()
    controller = Controller(received, hostname="127.0.0.1", port=8025)
    with host.entered():
        controller.start()
    yield received
    controller.stop()


def test_fifty_thousand_alerts_are_as_many_bans_two_mails_and_little_memory(host, inbox, tmp_path):
    with running(tmp_path, TRIGGER, host=host) as daemon:
        before = daemon.resident()
        all_of_them = addresses(MANY)
        daemon.log(failed(all_of_them[0]))
        daemon.until(lambda: inbox.mails)
        begun = time.monotonic()
        for at in range(1, MANY, PIECE):
            daemon.log(*map(failed, all_of_them[at : at + PIECE]))
            time.sleep(max(0.0, begun + SECONDS * at / MANY - time.monotonic()))
        alerted = daemon.until(lambda: daemon.status()["triggers"][0]["alerts"] == MANY, 40)
        banned = daemon.until(lambda: daemon.status()["bans"] == MANY, 40)
        took = time.monotonic() - begun
        daemon.until(lambda: len(inbox.mails) >= 2, 40)
        most = daemon.resident("VmHWM")
        print(
            f"\n{MANY} alerts: {took:.1f} s (waited {alerted:.1f}, {banned:.1f} s), memory {before >> 20} MiB before, {most >> 20} MiB at most"
        )
        assert set(held(host)) == set(all_of_them)
        assert len(daemon.bans()) == MANY
        first, digest = (mail for _, mail in inbox.mails)
        assert first["Subject"] == f"sshd: {all_of_them[0]}"
        assert first.get_content().startswith("1 alert on ")
        assert digest["Subject"] == f"sshd: {all_of_them[1]} (and {MANY - 2} more)"
        assert digest.get_content().startswith(f"{MANY - 1} alerts on ")
        assert len(digest.get_content()) < 200_000
        assert inbox.mails[1][0] - inbox.mails[0][0] >= DIGEST - 1
        waiting = {action["name"]: action["waiting"] for action in daemon.status()["actions"]}
        print(f"mail of {len(digest.get_content())} characters; waiting: {waiting}; memory now {daemon.resident() >> 20} MiB")
        assert most < BOUND
        daemon.until(lambda: not any(action["waiting"] for action in daemon.status()["actions"]))
        assert len(inbox.mails) == 2


def test_what_waits_for_the_digest_is_mailed_after_a_kill(host, inbox, tmp_path):
    def told():
        return [int(mail.get_content().split(" ", 1)[0]) for _, mail in inbox.mails]

    with running(tmp_path, TRIGGER.replace(f"{DIGEST}s", "8s"), host=host) as daemon:
        everybody = addresses(3_000)
        daemon.log(failed(everybody[0]))
        daemon.until(lambda: told() == [1])
        daemon.log(*map(failed, everybody[1:]))
        daemon.until(lambda: daemon.status()["bans"] == len(everybody))
        daemon.kill()
        assert told() == [1]
        daemon.start()
        daemon.until(lambda: sum(told()) >= len(everybody))
        assert sum(told()) == len(everybody)
        assert len(told()) <= 3, "one at once, and a digest"
        assert "Vigilog was stopped while it mailed some of these" in inbox.mails[1][1].get_content()
