"""Orders made by hand, and a clock that is set by hand."""

from vigilog.core.nouns import Alert, Event, Order, Outcome

HOSTILE = b"sshd[1]: user '$(reboot)' `id` \x1b[2J\x00 \xff \xc2\x9b \xe2\x80\xae ; rm -rf / \"' \\ * \t\r end"
NOON = 1795176000.0
"""2026-11-20 12:00:00 UTC."""


def event(line=b"Nov 20 12:00:00 web1 sshd[7]: Failed password for root from 203.0.113.5", fields=None, time=NOON, rule="sshd"):
    return Event(
        time=time,
        arrived=time,
        source="file:/var/log/auth.log",
        rule=rule,
        kind="attack",
        fields={"user": "root", "ip": "203.0.113.5"} if fields is None else fields,
        line=line,
    )


def alert(*events, key=("203.0.113.5",), rule="sshd", time=NOON):
    return Alert(rule=rule, key=key, time=time, events=events or (event(rule=rule, time=time),), count=len(events) or 1)


def order(number=1, *, action="act", of=None, attempt=1, about=None, **facts):
    return Order(number=number, action=action, alert=about or alert(**facts), attempt=attempt, of=of)


def outcome(*, done=True, reason="banned for 600 s", action="ban"):
    return Outcome(order(action=action), done=done, reason=reason)


class Ticks:
    """A clock that only goes forward when it is told to."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now

    def go(self, seconds):
        self.now += seconds
