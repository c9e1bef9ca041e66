"""What a session did after its login: the lines of the same process, and what its user did with sudo and su meanwhile."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence

from vigilog.detect.sessions import process
from vigilog.investigate.item import Item
from vigilog.investigate.meaning import Meanings
from vigilog.investigate.reading import plain
from vigilog.investigate.scanning import File
from vigilog.parse import syslog
from vigilog.parse.stamps import stamp
from vigilog.patterns.block import BLANKS

MOST = 100
"""So many logins are followed, the last ones."""
REACH = 8 << 20
"""So many bytes behind a login are looked at."""
_OVER = re.compile(rb"session closed for user|Disconnected from user|Connection closed by [0-9A-Fa-f:.]+ port \d+$")
_LINE = rb"^[^\n]*"


def followed(items: Sequence[Item], meanings: Meanings) -> list[Item]:
    """Entries for the lines that followed the good logins among `items`, without those that are there already."""
    logins = [item for item in items if item.meaning == "login" and item.where and item.where.path and not item.again][-MOST:]
    seen = {(item.where.path, item.where.offset) for item in items if item.where}
    found: list[Item] = []
    for login in logins:
        for item in _after(login):
            assert item.where
            if (item.where.path, item.where.offset) not in seen:
                seen.add((item.where.path, item.where.offset))
                found.append(item)
    known = meanings.found(item.text for item in found) if found else {}
    return [_told(item, known) for item in found]


def _after(login: Item) -> list[Item]:
    where, name, user = login.where, process(login.text), login.fields.get("user", "").encode("utf-8", "surrogateescape")
    assert where
    if not name:
        return []
    own = re.escape(name) + rb"\]: "
    wanted = re.compile(_LINE + (own if not user else b"(?:" + own + b"|" + _done_by(user) + b")") + rb"[^\n]*$", re.MULTILINE)
    status = File(where.source, where.path, where.device, where.inode, 0, 0, where.packed)
    found: list[Item] = []
    with plain(status) as descriptor:
        start = where.offset + where.length + 1
        data = os.pread(descriptor, REACH, start)
    for line in wanted.finditer(data):
        text = line[0]
        if process(text) != name and syslog.fields(text).get("program") not in {b"sudo", b"su"}:
            continue  # somebody's words that hold those of another
        moment = stamp(text, login.time)
        here = where._replace(offset=start + line.start(), length=len(text))
        time = login.time if moment is None else moment
        found.append(
            Item(time, "line", login.source, text, "followed", fields={"user": login.fields.get("user", "")}, where=here)
        )
        if _OVER.search(text.rstrip(BLANKS)) and process(text) == name:
            break
    return found


def _done_by(user: bytes) -> bytes:
    """What sudo and su write about a user who called them."""
    name = re.escape(user)
    return (
        rb" sudo(?:\[\d+\])?: +"
        + name
        + rb" : |[ ]su(?:\[\d+\])?: (?:\(to [^ ()]+\) |FAILED SU \(to [^ ()]+\) )"
        + name
        + b" on "
    )


def _told(item: Item, known: dict) -> Item:  # type: ignore[type-arg]
    rule = known.get(item.text.rstrip(BLANKS))
    return item._replace(rule=rule[0].name, fields={**item.fields, **rule[1]}) if rule else item
