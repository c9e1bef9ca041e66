"""Puts lines into the sessions that they belong to, and does what they say."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from vigilog.blackbox.around_facts import learn
from vigilog.blackbox.around_lines import Block
from vigilog.blackbox.around_rules import Key, Matchers, Said
from vigilog.blackbox.around_sessions import DIED, Live, Sessions
from vigilog.blackbox.entry import Entry
from vigilog.blackbox.stamp import stamp
from vigilog.core.clock import Clock
from vigilog.parse.forensics import Message
from vigilog.parse.stamps import stamp as stamp_of

LOG_TYPE = "SystemLog"
WARNING = 4
ENTRY = 128
"""Bytes that an entry needs besides its line: a tuple, its place in the ring, what Python needs for the line itself."""


class Router:
    """Routes blocks of lines into `sessions`. `by_process`: whoever wrote a line says whose it is. `stamped`: lines begin
    with their time in a form of their own, and get none; otherwise those that do not begin with a time get that of their
    arrival."""

    def __init__(
        self, sessions: Sessions, matchers: Matchers, steady: Clock, *, by_process: bool, stamped: bool = False
    ) -> None:
        self._sessions, self._matchers, self._steady = sessions, matchers, steady
        self._by_process, self._stamped = by_process, stamped
        self._moment = 0.0
        sessions.main.lost = 0
        sessions.before = self._tell_lost
        self.lines = 0
        self.lost_bytes = 0

    def route(self, blocks: list[Block], moment: float) -> None:
        """Routes the lines of `blocks`, which arrived at `moment` (seconds since the epoch)."""
        self._moment = moment
        together: list[Block] = []
        for block in blocks:
            if block.lost is None:
                together.append(block)
            else:
                self._together(together, moment)
                together = []
                self.lost_bytes += block.lost.size
        self._together(together, moment)

    def _together(self, blocks: list[Block], moment: float) -> None:
        """Routes blocks that are looked at all at once."""
        if not blocks:
            return
        data = b"".join([block.lines for block in blocks])
        lines = data.split(b"\n")
        lines.pop()
        self.lines += len(lines)
        keys = self._keys_of_writers(blocks) if self._by_process else self._matchers.keys(lines)
        done = at = number = 0
        for end, index in self._matchers.hits(data):
            number += data.count(b"\n", at, end)
            at = end
            said = self._matchers.says[index]
            until = number - 1 if said.what == "begin" else number
            if until > done:
                self._keep(lines[done:until], keys[done:until], moment)
                done = until
            self._heed(said, keys[number - 1], self._matchers.takes[index](lines[number - 1]))
        self._keep(lines[done:], keys[done:], moment)

    def _keys_of_writers(self, blocks: list[Block]) -> list[Key]:
        keys: list[Key] = []
        main, root_of = self._sessions.main.process, self._sessions.processes.root
        for block in blocks:
            root = root_of(block.process)
            keys += [None if root == main else (b"", root)] * block.lines.count(b"\n")
        return keys

    def _live(self, key: Key) -> Live:
        if key is None:
            return self._sessions.main
        name, process = key
        return self._sessions.get(name or process, process)

    def _keep(self, lines: Sequence[bytes], keys: Sequence[Key], moment: float) -> None:
        """Each line goes into its session's ring, from where it is rendered if it is ever written."""
        render, now = self._rendered, self._steady()
        for key, own in grouped(lines, keys).items():
            live = self._live(key)
            live.heard = now
            if live.lost != self.lost_bytes:
                self._tell_lost(live)
            live.session.many([(render, moment, line) for line in own], len(own) * ENTRY + sum(map(len, own)))

    def _rendered(self, entry: Entry) -> Message:
        _, moment, line = entry
        text = self._matchers.redact(line.rstrip(b"\r"))
        if not self._stamped and stamp_of(text, moment) is None:
            text = b"%b %b" % (stamp(moment), text)
        return Message(LOG_TYPE, self._matchers.level(line), text)

    def _heed(self, said: Said, key: Key, fields: Mapping[str, bytes]) -> None:
        process = number(fields.get("process"))
        if said.what == "died":
            for each in self._sessions.of_process(process):
                learn(each.session.facts, fields)
                self._sessions.end(each, DIED)
            return
        if said.what == "begin" and key is not None:
            before = self._sessions.find(key[0] or key[1])
            if before is not None:
                self._sessions.end(before)
        live = self._live(key)
        learn(live.session.facts, fields)
        match said.what:
            case "same" if process and live.process:
                self._sessions.processes.adopt(process, live.process)
            case "criterion" if said.kind == DIED:
                self._sessions.doom(live, fields.get("signal", b"").decode("ascii", "replace"))
            case "criterion":
                self._tell_lost(live)
                live.session.dump(said.kind)
            case "end" if live is not self._sessions.main:
                self._sessions.leave(live)

    def _tell_lost(self, live: Live) -> None:
        """Says in a session how much is missing since it was told last. A session that has just begun misses nothing."""
        if live.lost is not None and live.lost != self.lost_bytes:
            text = b"(Vigilog was not fast enough: %d bytes of output are missing here, of this session or of others)"
            live.session.keep(LOG_TYPE, WARNING, text % (self.lost_bytes - live.lost), self._moment)
        live.lost = self.lost_bytes


def number(value: bytes | None) -> int:
    """A process number; 0 if it is none."""
    return int(value) if value and value.isdigit() and len(value) < 11 else 0


def grouped(lines: Sequence[bytes], keys: Sequence[Key]) -> dict[Key, list[bytes]]:
    """The lines of each key, in their order."""
    groups: defaultdict[Key, list[bytes]] = defaultdict(list)
    for key, line in zip(keys, lines, strict=True):
        groups[key].append(line)
    return groups
