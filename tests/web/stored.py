"""A store as `vigilog run` leaves it: alerts with hostile lines, events, bans."""

from __future__ import annotations

from vigilog.core.nouns import Alert, Event, Outcome
from vigilog.store import bans, events, outbox
from vigilog.store.database import open_store, transaction

HOSTILE = (
    b"<script>alert(1)</script>",
    b"<img src=x onerror=alert(2)>",
    b"\"'><svg/onload=alert(3)>",
    b"{{ 7 * 7 }}{% raw %}",
    b"\x1b[31mred\x1b]0;title\x07\x9b31m",
    "\u202egpj.exe\u2066\u200b".encode(),
    b"caf\xe9 \xff\xfe \x00",
    b"</code></td><form action=//evil.example>",
    b"javascript:alert(4)",
)
"""What attackers put into logs."""


def alert(rule, key, time, lines, fields=None, count=None):
    proof = tuple(
        Event(time + number, time + number, "file:/var/log/auth.log", rule, "attack", fields or {}, line)
        for number, line in enumerate(lines)
    )
    return Alert(rule, key, time, proof, count or len(proof))


def fill(directory, now, *, alerts=120, counted=600):
    """Makes a store in `directory`; gives the number of the last alert."""
    store = open_store(str(directory))
    raised = []
    for number in range(alerts):
        address = f"203.0.113.{number % 7 + 1}"
        user = ("root", "admin", "oracle")[number % 3]
        line = f"Nov 20 10:00:00 host sshd[7]: Failed password for {user} from {address} port 22 ssh2".encode()
        moment = now - (alerts - number) * 600
        raised.append((alert("sshd", (address,), moment, [line] * 3, {"address": address, "user": user}, 5), moment))
    for number, text in enumerate(HOSTILE):
        value = text.decode("utf-8", "surrogateescape").replace("\n", " ")
        moment = now - 60 + number
        raised.append(
            (
                alert(
                    text.decode("utf-8", "replace"),
                    (value, "198.51.100.9"),
                    moment,
                    [b"Nov 20 host x: " + text],
                    {"user": value},
                ),
                moment,
            )
        )
    with transaction(store):
        orders = []
        for each, moment in raised:
            orders += outbox.add_alerts(store, [(each, ["ban"])], {"ban": 10_000}, moment)
        outbox.mark_ended(store, [Outcome(each, True, f"banned {each.alert.key[-1]}") for each in orders[:-1]], now)
        rows = []
        for number in range(1, counted + 1):
            text = HOSTILE[number % len(HOSTILE)] if number % 50 == 0 else b"198.51.100.%d" % (number % 9)
            line = b"Nov 20 host web: denied " + text.replace(b"\n", b" ")
            rows.append((number, "web", False, text, now - (counted - number), now, b"file:/var/log/web.log", line))
        events.add_events(store, rows)
        bans.record(
            store,
            [
                bans.Banned("203.0.113.1", "", "sshd", now - 60, now + 3600, 1, "5 events of sshd"),
                bans.Banned(
                    "2001:db8::/64", "tcp/22", "<b>rule</b>", now - 50, now + 3600, 2, "<script>alert(5)</script>\u202e"
                ),
                bans.Banned("203.0.113.2", "", "sshd", now - 9000, now - 5000, 1, "over"),
            ],
        )
    store.close()
    return len(raised)
