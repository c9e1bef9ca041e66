"""Cases for the sheet's 2.4: which line is reported where."""

from __future__ import annotations

from tests.e2e.harness import Case, Text, lines


def section(title: str, *texts: str) -> str:
    """A section of a report, as logcheck prints it, with lines of `lines`."""
    underline = ("=-" * len(title))[: len(title)]
    return f"{title}\n{underline}\n{lines(*texts)}\n"


def report(*sections: str) -> tuple[Text, ...]:
    """The fact that the first report is exactly these sections: nothing of the log appears twice or is left out."""
    return ("".join(sections),)


ALERTS, EVENTS, UNUSUAL = "Security Alerts", "Security Events", "System Events"

SECTIONS = (
    Case(
        fact="2.4 alerts, then security events, then the rest; each line once",
        rules={"cracking.d/c": "attack\n", "violations.d/v": "violation\n", "ignore.d.server/i": "routine\n"},
        logs={"syslog": lines("unusual 1", "violation 1", "attack 1", "routine 1", "attack 2", "unusual 2", "violation 2")},
        shows=report(
            section("Security Alerts for c", "attack 1", "attack 2"),
            section("Security Events for v", "violation 1", "violation 2"),
            section(UNUSUAL, "unusual 1", "unusual 2"),
        ),
        hides=("routine",),
    ),
    Case(
        fact="2.4 rules are case sensitive",
        rules={"cracking.d/c": "Attack\n", "violations.d/v": "VIOLATION\n", "ignore.d.server/i": "routine\n"},
        logs={"syslog": lines("attack", "violation", "Routine", "ATTACK")},
        shows=report(section(UNUSUAL, "attack", "violation", "Routine", "ATTACK")),
    ),
    Case(
        fact="2.4 a section for each rule file, in name order, and a line in each that matches it",
        rules={
            "violations.d/b": "common\nof b\n",
            "violations.d/a": "common\nof a\n",
            "violations.d/C": "common\n",
            "violations.d/none": "nothing\n",
        },
        logs={"syslog": lines("common 1", "of b", "of a", "common 2")},
        shows=report(
            section("Security Events for C", "common 1", "common 2"),
            section("Security Events for a", "common 1", "of a", "common 2"),
            section("Security Events for b", "common 1", "of b", "common 2"),
        ),
        hides=("System Events", "none"),
    ),
    Case(
        fact="2.4 a line in several files of cracking.d is in each one's section",
        rules={"cracking.d/a": "attack\n", "cracking.d/b": "attack\n"},
        logs={"syslog": lines("attack 1", "attack 2")},
        shows=report(
            section("Security Alerts for a", "attack 1", "attack 2"), section("Security Alerts for b", "attack 1", "attack 2")
        ),
    ),
    Case(
        fact="2.4 a line that a file's several rules match is there once",
        rules={"violations.d/v": "one\ntwo\n"},
        logs={"syslog": lines("one and two", "two and one and two")},
        shows=report(section("Security Events for v", "one and two", "two and one and two")),
    ),
    Case(
        fact="2.4 an alert is not a security event as well",
        rules={"cracking.d/c": "attack\n", "violations.d/v": "violation\n"},
        logs={"syslog": lines("attack and violation", "violation")},
        shows=report(section("Security Alerts for c", "attack and violation"), section("Security Events for v", "violation")),
    ),
    Case(
        fact="2.4 an ignored line is an alert or a security event all the same",
        rules={"cracking.d/c": "attack\n", "violations.d/v": "violation\n", "ignore.d.server/i": "attack\nviolation\n"},
        logs={"syslog": lines("attack", "violation")},
        shows=report(section("Security Alerts for c", "attack"), section("Security Events for v", "violation")),
    ),
    Case(
        fact="2.4 the file called logcheck has the bare title (violations.d)",
        rules={"violations.d/logcheck": "violation\n", "violations.d/logcheck-x": "other\n", "violations.d/local": "third\n"},
        logs={"syslog": lines("violation", "other", "third")},
        shows=report(
            section("Security Events for local", "third"),
            section(EVENTS, "violation"),
            section("Security Events for logcheck-x", "other"),
        ),
    ),
    Case(
        fact="2.4 the file called logcheck has the bare title (cracking.d)",
        rules={"cracking.d/logcheck": "attack\n", "cracking.d/z": "other\n"},
        logs={"syslog": lines("attack", "other")},
        shows=report(section(ALERTS, "attack"), section("Security Alerts for z", "other")),
    ),
)

IGNORING = (
    Case(
        fact="2.4 a file's own exceptions: ignore/F and ignore/logcheck-F, and no other name",
        rules={
            "violations.d/su": "su:\n",
            "violations.ignore.d/su": "first\n",
            "violations.ignore.d/logcheck-su": "second\n",
            "violations.ignore.d/other": "third\n",
            "violations.ignore.d/logcheck": "fourth\n",
            "violations.ignore.d/su-more": "fifth\n",
            "violations.ignore.d/logcheck-sudo": "sixth\n",
        },
        logs={"syslog": lines("su: first", "su: second", "su: third", "su: fourth", "su: fifth", "su: sixth")},
        shows=report(section("Security Events for su", "su: third", "su: fourth", "su: fifth", "su: sixth")),
        hides=("System Events", "first", "second"),
    ),
    Case(
        fact="2.4 a security event that violations.ignore.d removes is reported nowhere",
        rules={"violations.d/v": "violation\n", "violations.ignore.d/v": "known\n"},
        logs={"syslog": lines("known violation", "known")},
        shows=report(section(UNUSUAL, "known")),
        hides=("known violation",),
    ),
    Case(
        fact="2.4 exceptions of a file remove lines from that file's section only",
        rules={"violations.d/a": "common\n", "violations.d/b": "common\n", "violations.ignore.d/a": "known\n"},
        logs={"syslog": lines("common known", "common new")},
        shows=report(
            section("Security Events for a", "common new"), section("Security Events for b", "common known", "common new")
        ),
    ),
    Case(
        fact="2.4 local and local-* are exceptions for every file",
        rules={
            "violations.d/a": "violation\n",
            "violations.d/b": "violation\n",
            "violations.ignore.d/local": "first\n",
            "violations.ignore.d/local-more": "second\n",
            "violations.ignore.d/localx": "third\n",
        },
        logs={"syslog": lines("violation first", "violation second", "violation third")},
        shows=report(section("Security Events for a", "violation third"), section("Security Events for b", "violation third")),
    ),
    Case(
        fact="2.4 for the file logcheck every exception counts",
        rules={
            "violations.d/logcheck": "violation\n",
            "violations.d/other": "^nothing$\n",
            "violations.ignore.d/anything": "first\n",
            "violations.ignore.d/logcheck-x": "second\n",
            "violations.ignore.d/local": "third\n",
        },
        logs={"syslog": lines("violation first", "violation second", "violation third", "violation fourth")},
        shows=report(section(EVENTS, "violation fourth")),
        hides=("first", "second", "third"),
    ),
    Case(
        fact="2.4 the file logcheck does not repeat what other files report, but for those whose names begin with logchec",
        rules={
            "violations.d/logcheck": "violation\n",
            "violations.d/a": "of a\n",
            "violations.d/z": "of z\n",
            "violations.d/logcheck-l": "of l\n",
            "violations.d/logchecker": "of r\n",
            "violations.d/logchec": "of c\n",
            "violations.d/logche": "of h\n",
        },
        logs={"syslog": lines(*(f"violation of {letter}" for letter in "azlrchx"))},
        shows=report(
            section("Security Events for a", "violation of a"),
            section("Security Events for logche", "violation of h"),
            section("Security Events for logchec", "violation of c"),
            section(EVENTS, "violation of l", "violation of r", "violation of c", "violation of x"),
            section("Security Events for logcheck-l", "violation of l"),
            section("Security Events for logchecker", "violation of r"),
            section("Security Events for z", "violation of z"),
        ),
    ),
    Case(
        fact="2.4 the file logcheck leaves out what another file matches even if that one's exceptions remove it there",
        rules={"violations.d/logcheck": "violation\n", "violations.d/su": "su\n", "violations.ignore.d/su": "known\n"},
        logs={"syslog": lines("su violation known", "su violation", "violation")},
        shows=report(section(EVENTS, "violation"), section("Security Events for su", "su violation")),
        hides=("known",),
    ),
    Case(
        fact="2.4 the file logcheck in cracking.d leaves out what other files of cracking.d report",
        rules={"cracking.d/logcheck": "attack\n", "cracking.d/kernel": "kernel\n"},
        logs={"syslog": lines("kernel attack", "attack")},
        shows=report(section("Security Alerts for kernel", "kernel attack"), section(ALERTS, "attack")),
    ),
    Case(
        fact="2.4 a file called local in violations.d is one like any other",
        rules={
            "violations.d/local": "violation\n",
            "violations.d/local-x": "violation\n",
            "violations.ignore.d/local-x": "known\n",
        },
        logs={"syslog": lines("violation", "violation known")},
        shows=report(section("Security Events for local", "violation"), section("Security Events for local-x", "violation")),
        hides=("known",),
    ),
)

HIGHER = (
    Case(
        fact="2.4 security events leave out what cracking rules match only if there were alerts",
        conf="SUPPORT_CRACKING_IGNORE=1\n",
        rules={"cracking.d/c": "attack\n", "cracking.ignore.d/c": "known\n", "violations.d/v": "violation\n"},
        logs={"syslog": lines("known attack and violation")},
        shows=report(section("Security Events for v", "known attack and violation")),
        hides=("Security Alerts",),
    ),
    Case(
        fact="2.4 if there were alerts, security events leave out every line that cracking rules match, excepted ones too",
        conf="SUPPORT_CRACKING_IGNORE=1\n",
        rules={"cracking.d/c": "attack\n", "cracking.ignore.d/c": "known\n", "violations.d/v": "violation\n"},
        logs={"syslog": lines("known attack and violation", "attack", "violation")},
        shows=report(section("Security Alerts for c", "attack"), section("Security Events for v", "violation")),
        hides=("known",),
    ),
    Case(
        fact="2.4 SUPPORT_CRACKING_IGNORE=0: cracking.ignore.d has no effect",
        rules={"cracking.d/c": "attack\n", "cracking.ignore.d/c": "known\n", "cracking.ignore.d/local": "known\n"},
        logs={"syslog": lines("known attack")},
        shows=report(section("Security Alerts for c", "known attack")),
    ),
    Case(
        fact="2.4 SUPPORT_CRACKING_IGNORE=1: what cracking.ignore.d removes is reported nowhere",
        conf="SUPPORT_CRACKING_IGNORE=1\n",
        rules={
            "cracking.d/c": "attack\n",
            "cracking.d/d": "attack d\n",
            "cracking.ignore.d/c": "first\n",
            "cracking.ignore.d/logcheck-c": "second\n",
            "cracking.ignore.d/local": "third\n",
            "cracking.ignore.d/local-x": "fourth\n",
            "cracking.ignore.d/other": "fifth\n",
        },
        logs={"syslog": lines(*(f"attack {word}" for word in ("first", "second", "third", "fourth", "fifth", "d first")))},
        shows=report(section("Security Alerts for c", "attack fifth"), section("Security Alerts for d", "attack d first")),
        hides=("second", "third", "fourth", "System"),
    ),
    Case(
        fact="2.4 SUPPORT_CRACKING_IGNORE=1 and the file logcheck in cracking.d: every exception counts",
        conf="SUPPORT_CRACKING_IGNORE=1\n",
        rules={"cracking.d/logcheck": "attack\n", "cracking.ignore.d/anything": "known\n"},
        logs={"syslog": lines("attack", "known attack")},
        shows=report(section(ALERTS, "attack")),
        hides=("known",),
    ),
    Case(
        fact="2.4 SUPPORT_CRACKING_IGNORE=1 with an empty cracking.ignore.d: all alerts",
        conf="SUPPORT_CRACKING_IGNORE=1\n",
        rules={"cracking.d/c": "attack\n", "cracking.ignore.d/": None},
        logs={"syslog": lines("attack")},
        shows=report(section("Security Alerts for c", "attack")),
    ),
)

GNU_WORDS = (
    *("foo", "foo_", "a foo.", "Ddd", "D12", "Bne", "B\\e", "B@e", "Ic", "Iababc", "{ DriveReady", "WIZ", "*WIZ"),
    *("a^b", "anchored", "anchored not", "Rxx", "Rxy", "Exy", "Ey", "Ez", "Saaaaz", "Saaz"),
)

PATTERNS = (
    Case(
        fact="3.1 a rule split by a bare | ignores every line that its second half matches",
        rules={"ignore.d.server/snort": "^Nov 20 snort: | none$\n"},
        logs={"syslog": lines("login as root: none", "login as root: nonesuch")},
        shows=report(section(UNUSUAL, "login as root: nonesuch")),
    ),
    Case(
        fact="3.1 [[[:digit:]]+] needs a [ or digit, and then a ]",
        rules={"ignore.d.server/x": "dhcpd[[[:digit:]]+]:\n"},
        logs={"syslog": lines("dhcpd[321]: a", "dhcpd: b", "dhcpd]: c", "dhcpd[]: d", "dhcpd7]: e")},
        shows=report(section(UNUSUAL, "dhcpd: b", "dhcpd]: c")),
    ),
    Case(
        fact="3.2 backslash classes, brackets, braces, leading repeats and anchors as GNU grep has them",
        rules={
            "violations.d/word": r"\<foo\>" + "\n",
            "violations.d/digit": r"D\d+" + "\n",
            "violations.d/bracket": r"B[\n]e" + "\n",
            "violations.d/interval": "I(ab){,2}c\n",
            "violations.d/brace": "{ DriveReady\n",
            "violations.d/star": "*WIZ\n",
            "violations.d/anchor": "a^b\n(^Nov|z) 20 08:00:00 host anchored$\n",
            "violations.d/backreference": r"R(.)\1" + "\n",
            "violations.d/empty": "E(x|)y\n",
            "violations.d/stacked": "S[a]{2}{2}z\n",
        },
        logs={"syslog": lines(*GNU_WORDS)},
        shows=(
            section("Security Events for word", "foo", "a foo."),
            section("Security Events for digit", "Ddd"),
            section("Security Events for bracket", "Bne", "B\\e"),
            section("Security Events for interval", "Ic", "Iababc"),
            section("Security Events for brace", "{ DriveReady"),
            section("Security Events for star", "WIZ", "*WIZ"),
            section("Security Events for anchor", "anchored"),
            section("Security Events for backreference", "Rxx"),
            section("Security Events for empty", "Exy", "Ey"),
            section("Security Events for stacked", "Saaaaz"),
            section(UNUSUAL, "foo_", "D12", "B@e", "a^b", "anchored not", "Rxy", "Ez", "Saaz"),
        ),
    ),
    Case(
        fact="3.2 a rule matches bytes: . is any of them, high bytes are no letters",
        rules={
            "violations.d/any": "^Nov 20 08:00:00 host A.B$\n",
            "violations.d/alpha": "L[[:alpha:]]\n",
            "violations.d/class": "N[^x]M\n",
        },
        logs={
            "syslog": b"".join(
                b"Nov 20 08:00:00 host " + word + b"\n"
                for word in (b"A\0B", b"A\xffB", b"A\xc3\xa9B", b"L\xc3\xa9", b"Le", b"N\0M", b"N\rM", b"N\xffM")
            )
        },
        shows=(
            b"for any\n=-=-=-=-=-=-=-=-=-=-=-=\nNov 20 08:00:00 host A\0B\nNov 20 08:00:00 host A\xffB\n\n",
            b"for class\n=-=-=-=-=-=-=-=-=-=-=-=-=\nNov 20 08:00:00 host N\0M\nNov 20 08:00:00 host N\rM\nNov 20 08:00:00 host N\xffM\n\n",
        ),
    ),
    Case(
        fact="3.2 a class never eats the end of a line",
        rules={"ignore.d.server/x": "first[^x]*second\nthird\\W+fourth\nfifth[[:space:]]*sixth\n"},
        logs={"syslog": "first\nsecond\nthird\nfourth\nfifth\nsixth\n"},
        shows=("System Events\n=-=-=-=-=-=-=\nfifth\nfirst\nfourth\nsecond\nsixth\nthird\n\n",),
    ),
)

CASES = (*SECTIONS, *IGNORING, *HIGHER, *PATTERNS)
