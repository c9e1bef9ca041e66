"""The timeline told in a few facts, and the facts in sentences: first seen, attempts, users, success or not, what followed,
what was done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from vigilog.core.clock import local
from vigilog.detect.sessions import process
from vigilog.investigate.investigation import Investigation
from vigilog.investigate.item import Item
from vigilog.investigate.subject import Subject
from vigilog.parse import syslog

NAMED = 12
"""So many names stand in a sentence, the most frequent ones."""


class Who(NamedTuple):
    """A user that was tried, or an address that tried: attempts that failed, and good logins."""

    name: str
    attempts: int
    logins: int


class Story(NamedTuple):
    """`lines` counts each line once, `copies` are those that several logs had. `first` and `last` are seconds since the epoch,
    None where there is no entry. `services` are rules (or programs, for lines that no rule knows) and how many attempts
    (lines) they tell of. `before_login` are the attempts before the first good login. `sessions` are processes that failed."""

    first: float | None
    last: float | None
    lines: int
    copies: int
    sources: tuple[tuple[str, int], ...]
    attempts: int
    sessions: int
    first_attempt: float | None
    last_attempt: float | None
    services: tuple[tuple[str, int], ...]
    programs: tuple[tuple[str, int], ...]
    users: tuple[Who, ...]
    addresses: tuple[Who, ...]
    logins: tuple[Item, ...]
    before_login: int
    probes: int
    followed: tuple[Item, ...]
    blocks: tuple[Item, ...]
    requests: int
    unfinished: int
    done: tuple[Item, ...]


def story(items: Sequence[Item]) -> Story:
    """The facts in the entries of a timeline."""
    once = [item for item in items if not item.again]
    logs = [item for item in once if item.kind in {"line", "block", "request"}]
    own = [item for item in logs if item.meaning != "followed"]
    failed = [item for item in logs if item.attempts and item.meaning == "failed"]
    logins = tuple(item for item in logs if item.meaning == "login")
    unknown = (program(item.text) for item in own if item.kind == "line" and not item.meaning)
    named = {process(item.text) for item in failed if item.rule == "sshd"} - {b""}
    alone = sum(1 for item in failed if item.rule != "sshd" or not process(item.text))
    return Story(
        first=own[0].time if own else None,
        last=own[-1].time if own else None,
        lines=len(own),
        copies=sum(item.again for item in items),
        sources=_most(item.where.path or item.source if item.where else item.source for item in own),
        attempts=sum(item.attempts for item in failed),
        sessions=len(named) + alone,
        first_attempt=failed[0].time if failed else None,
        last_attempt=failed[-1].time if failed else None,
        services=_weighed((item.rule, item.attempts) for item in failed),
        programs=_most(unknown),
        users=_who(logs, "user"),
        addresses=_who(logs, "address"),
        logins=logins,
        before_login=sum(item.attempts for item in failed if logins and item.time <= logins[0].time),
        probes=sum(item.meaning == "probe" for item in own),
        followed=tuple(item for item in logs if item.meaning == "followed"),
        blocks=tuple(item for item in own if item.kind == "block"),
        requests=sum(item.kind == "request" for item in own),
        unfinished=sum(item.meaning == "unfinished" for item in own),
        done=tuple(item for item in once if item.kind in {"alert", "action", "ban", "unban"}),
    )


def program(line: bytes) -> str:
    """The program that wrote a line, as far as it says so; '' otherwise."""
    return syslog.fields(line).get("program", b"").decode("utf-8", "surrogateescape")


def sentences(answer: Investigation, told: Story) -> list[str]:
    """The story. Names in it are as the logs have them: hostile, and not yet made harmless."""
    subject = answer.question.subject
    if told.first is None or told.last is None:
        return [f"Nothing is said about {subject.text}.", *_done(told, asked=answer.has_store)]
    said = [f"First seen {moment(told.first)}, last seen {moment(told.last)}: {_number(told.lines, 'entry', 'entries')}."]
    if told.copies:
        said.append(f"{_number(told.copies, 'line stands', 'lines stand')} in a second log, too, counted once.")
    said += _attempts(told, subject)
    if told.probes:
        said.append(f"{_number(told.probes, 'connection', 'connections')} that tried nobody.")
    if told.requests:
        ended = f", {told.unfinished} of them never ended" if told.unfinished else ", all of them ended"
        said.append(f"{_number(told.requests, 'request', 'requests')}{ended}.")
    if told.blocks:
        kinds = ", ".join(f"{count} {kind.lower()}" for kind, count in _most(each.fields["block"] for each in told.blocks))
        said.append(f"{_number(len(told.blocks), 'block', 'blocks')} of a black box: {kinds}.")
    return [*said, *_success(told), *_done(told, asked=answer.has_store)]


def _attempts(told: Story, subject: Subject) -> list[str]:
    if not told.attempts:
        return ["No login failed."]
    assert told.first_attempt is not None
    assert told.last_attempt is not None
    services = ", ".join(f"{name} {count}" for name, count in told.services)
    when = (
        f"from {moment(told.first_attempt)} to {moment(told.last_attempt)}" if told.attempts > 1 else moment(told.first_attempt)
    )
    said = [f"{_number(told.attempts, 'login', 'logins')} failed, {when} ({services})."]
    for word, everybody in (("Users tried", told.users), ("From", told.addresses)):
        who = [each for each in everybody if each.attempts]
        if not who or [each.name for each in who] == [subject.text]:
            continue  # that is what was asked
        names = ", ".join(f"{each.name} ({each.attempts})" for each in who[:NAMED])
        more = f" and {len(who) - NAMED} more" if len(who) > NAMED else ""
        said.append(f"{word}: {names}{more}.")
    return said


def _success(told: Story) -> list[str]:
    if not told.logins:
        return ["No login succeeded."] if told.attempts else []
    users = _most(_who_and_where(item) for item in told.logins)
    names = ", ".join(f"{name} ({count})" for name, count in users[:NAMED])
    more = f" and {len(users) - NAMED} more" if len(users) > NAMED else ""
    said = [
        f"{_number(len(told.logins), 'login', 'logins')} succeeded, the first {moment(told.logins[0].time)}: {names}{more}."
    ]
    if told.before_login:
        said.append(f"THE FIRST OF THEM CAME AFTER {_number(told.before_login, 'FAILED LOGIN', 'FAILED LOGINS')}.")
    if told.followed:
        commands = [item for item in told.followed if program(item.text) in {"sudo", "su"}]
        what = f", {_number(len(commands), 'line', 'lines')} of sudo and su among them" if commands else ""
        said.append(f"{_number(len(told.followed), 'line', 'lines')} tell what followed{what}.")
    return said


def _done(told: Story, *, asked: bool) -> list[str]:
    if not told.done:
        return ["Vigilog has raised no alert and banned nobody for it."] if asked else []
    counts = Counter(item.kind for item in told.done)
    said = []
    if counts["alert"]:
        first = next(item for item in told.done if item.kind == "alert")
        said.append(f"{_number(counts['alert'], 'alert', 'alerts')}, the first {moment(first.time)}.")
    bans = [item for item in told.done if item.kind in {"ban", "unban"}]
    said += [f"{moment(item.time)}: {item.text.decode('utf-8', 'surrogateescape')}." for item in bans[:NAMED]]
    failed = sum(item.kind == "action" and item.fields.get("status") == "failed" for item in told.done)
    if counts["action"]:
        said.append(
            f"{_number(counts['action'], 'action', 'actions')} taken" + (f", {failed} of them failed." if failed else ".")
        )
    return said


def moment(seconds: float) -> str:
    """A time as people read it, in this machine's zone."""
    return f"{local(seconds):%Y-%m-%d %H:%M:%S}"


def _who(items: Iterable[Item], field: str) -> tuple[Who, ...]:
    attempts: Counter[str] = Counter()
    logins: Counter[str] = Counter()
    for item in items:
        name = item.fields.get(field)
        if name and item.meaning in {"failed", "login"}:
            attempts[name] += item.attempts
            logins[name] += item.meaning == "login"
    found = [Who(name, attempts[name], logins[name]) for name in attempts]
    return tuple(sorted(found, key=lambda who: (-who.attempts, -who.logins, who.name)))


def _who_and_where(item: Item) -> str:
    user, address = item.fields.get("user", "?"), item.fields.get("address", "")
    return f"{user} from {address}" if address else user


def _most(names: Iterable[str]) -> tuple[tuple[str, int], ...]:
    return _weighed((name, 1) for name in names)


def _weighed(names: Iterable[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
    counts: Counter[str] = Counter()
    for name, weight in names:
        counts[name] += weight
    return tuple(sorted(counts.items(), key=lambda each: (-each[1], each[0])))


def _number(count: int, one: str, several: str) -> str:
    return f"{count:,} {one if count == 1 else several}"
