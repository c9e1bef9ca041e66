"""Cases for the sheet's 2.1: which rule files count, and which of their lines."""

from __future__ import annotations

from tests.e2e.harness import Case, lines

LEVELS = {
    "ignore.d.paranoid/p": "of paranoid",
    "ignore.d.server/s": "of server",
    "ignore.d.workstation/w": "of workstation",
}
OF_LEVELS = {"syslog": lines("of paranoid", "of server", "of workstation", "of nobody")}

NAMES = ("Good", "good-1_x", "9", "-dash", "_under", "x.conf", "x~", ".x", "x.dpkg-old", "#x#", "x,y", "x y", "x@y", "ä")
COUNTING = ("Good", "good-1_x", "9", "-dash", "_under")
NAMED_LINES = {"syslog": lines(*(f"word{number:02} said" for number in range(len(NAMES))))}
NAMED_SHOWS = tuple(f"word{number:02} said" for number, name in enumerate(NAMES) if name not in COUNTING)
NAMED_HIDES = tuple(f"word{number:02} said" for number, name in enumerate(NAMES) if name in COUNTING)


def named(folder: str) -> dict[str, str]:
    """A rule file of every name, each with a word of its own."""
    return {f"{folder}/{name}": f"word{number:02}\n" for number, name in enumerate(NAMES)}


CASES = (
    Case(
        fact="2.1 paranoid uses ignore.d.paranoid only",
        rules=LEVELS,
        logs=OF_LEVELS,
        options=("-p",),
        shows=("of server", "of workstation", "of nobody"),
        hides=("of paranoid",),
    ),
    Case(
        fact="2.1 server uses ignore.d.server and ignore.d.paranoid",
        rules=LEVELS,
        logs=OF_LEVELS,
        options=("-s",),
        shows=("of workstation", "of nobody"),
        hides=("of paranoid", "of server"),
    ),
    Case(
        fact="2.1 workstation uses all three ignore.d directories",
        rules=LEVELS,
        logs=OF_LEVELS,
        options=("-w",),
        shows=("of nobody",),
        hides=("of paranoid", "of server", "of workstation"),
    ),
    Case(
        fact="2.1 files of the same name in several levels count together, also without a final newline",
        rules={
            "ignore.d.paranoid/same": "of paranoid",
            "ignore.d.server/same": "of server",
            "ignore.d.workstation/same": "of workstation",
        },
        logs=OF_LEVELS,
        options=("-w",),
        shows=("of nobody",),
        hides=("of paranoid", "of server", "of workstation"),
    ),
    Case(
        fact="2.1 only names of letters, digits, underscore and dash count (ignore.d)",
        rules=named("ignore.d.server"),
        logs=NAMED_LINES,
        shows=NAMED_SHOWS,
        hides=NAMED_HIDES,
    ),
    Case(
        fact="2.1 only names of letters, digits, underscore and dash count (violations.d), sections in name order",
        rules=named("violations.d"),
        logs=NAMED_LINES,
        shows=tuple(f"Security Events for {name}\n" for name in COUNTING),
        hides=tuple(f"Security Events for {name}\n" for name in NAMES if name not in COUNTING),
    ),
    Case(
        fact="2.1 a subdirectory of a rule directory is ignored",
        rules={"ignore.d.server/sub/rules": "something\n", "cracking.d/sub/rules": "something\n"},
        shows=("System Events\n=-=-=-=-=-=-=\n", "something"),
        hides=("Security Alerts",),
    ),
    Case(
        fact="2.1 a link to a regular file counts",
        rules={"violations.d/linked": "-> {tree}/elsewhere.conf"},
        files={"elsewhere.conf": "something\n"},
        shows=("Security Events for linked\n",),
    ),
    Case(
        fact="2.1 a dangling link is skipped",
        rules={
            "violations.d/dangling": "-> {tree}/nowhere",
            "violations.d/real": "other\n",
            "ignore.d.server/dangling": "-> nowhere",
        },
        logs={"syslog": lines("something", "other")},
        shows=("System Events\n", "something", "Security Events for real\n"),
    ),
    Case(
        fact="2.1 a link to a directory is ignored",
        rules={"ignore.d.server/linked": "-> {tree}/more"},
        files={"more/rules": "something\n"},
        shows=("something",),
    ),
    Case(
        fact="2.1 a rule directory may itself be a link",
        rules={"ignore.d.paranoid": "-> {tree}/more"},
        files={"more/rules": "something\n"},
        logs={"syslog": lines("something", "other")},
        shows=("other",),
        hides=("something",),
    ),
    Case(
        fact="2.1 an unreadable rule file stops the run with 1",
        rules={"ignore.d.server/secret": "something\n"},
        before="chmod 000 rules/ignore.d.server/secret",
        then=("chmod 600 rules/ignore.d.server/secret; echo 'Nov 20 08:00:01 host afterwards' >> log/syslog",),
        status=1,
        error="Could not read {tree}/rules/ignore.d.server/secret",
        hides=("something",),
        later_shows=("afterwards",),
    ),
    Case(
        fact="2.1 empty lines, white lines and lines that begin with # are no rules",
        rules={"ignore.d.server/x": "\n   \n\t \n#something\n# other\nthird\n"},
        logs={"syslog": lines("something", "# other", "third")},
        shows=("something", "# other"),
        hides=("third",),
    ),
    Case(
        fact="2.1 an indented # is a rule, with its indent",
        rules={"violations.d/x": " # x\n"},
        logs={"syslog": lines("a # x b", "a# x b", "no")},
        shows=("Security Events for x\n=-=-=-=-=-=-=-=-=-=-=\nNov 20 08:00:00 host a # x b\n\n", "a# x b"),
    ),
    Case(
        fact="2.1 trailing blanks of a rule are kept",
        rules={"violations.d/x": "end  \n"},
        logs={"syslog": lines("the end", "the end  ", "the end  of it", "the end of it")},
        shows=("Security Events for x\n=-=-=-=-=-=-=-=-=-=-=\nNov 20 08:00:00 host the end  of it\n\n",),
    ),
    Case(
        fact="2.1 a CR at the end of a rule is kept, so that it hardly ever matches",
        rules={"violations.d/x": "dos\r\n", "ignore.d.server/x": "dos$\r\nunix$\n"},
        logs={"syslog": lines("dos", "dos\r", "dos\rmiddle", "unix", "unix\r")},
        shows=("Security Events for x\n=-=-=-=-=-=-=-=-=-=-=\nNov 20 08:00:00 host dos\rmiddle\n\n", "host dos\n"),
        hides=("unix",),
    ),
    Case(
        fact="2.1 a missing final newline is harmless",
        rules={"violations.d/x": "first\nlast", "violations.d/y": "only"},
        logs={"syslog": lines("the first", "the last", "the only")},
        shows=("Security Events for x\n", "Security Events for y\n", "the first", "the last", "the only"),
        hides=("System Events",),
    ),
    Case(
        fact="2.1 a file with no rules left, or empty, matches nothing",
        rules={
            "violations.d/x": "# nothing\n\n",
            "violations.d/y": "",
            "ignore.d.server/x": "#\n",
            "ignore.d.server/y": "",
            "cracking.d/z": " \n",
        },
        shows=("System Events\n", "something"),
        hides=("Security",),
    ),
    Case(
        fact="2.1 missing ignore.d directories are fine",
        rules={},
        before="rmdir rules/ignore.d.server rules/violations.ignore.d",
        options=("-w",),
        shows=("something",),
    ),
    Case(
        fact="2.1 a rule directory that is a file stops the run with 1",
        rules={"ignore.d.paranoid": "something\n"},
        status=1,
        error="cleanrules: '{tree}/rules/ignore.d.paranoid' is a file, not a directory",
        hides=("something",),
    ),
    Case(
        fact="2.1 a rule of bytes that are not text matches those bytes",
        rules={"violations.d/x": b"caf\xe9\n\xff\xfe\n"},
        logs={"syslog": b"Nov 20 08:00:00 host caf\xe9\nNov 20 08:00:00 host \xff\xfe\nNov 20 08:00:00 host caf\xc3\xa9\n"},
        shows=(
            b"Security Events for x\n=-=-=-=-=-=-=-=-=-=-=\nNov 20 08:00:00 host caf\xe9\nNov 20 08:00:00 host \xff\xfe\n\n",
        ),
    ),
)
