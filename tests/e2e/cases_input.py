"""Cases for the sheet's 2.2, 2.3 and 2.8: which logs are read, from where, and how their lines are sorted."""

from __future__ import annotations

from tests.e2e.harness import Case, lines

UNUSUAL = "System Events\n=-=-=-=-=-=-=\n"
NEW = "Nov 20 08:00:01 host afterwards"


def unusual(*texts: str) -> str:
    """The whole report of a run that found only these unusual lines."""
    return UNUSUAL + "".join(f"{text}\n" for text in texts) + "\n"


LISTS = (
    Case(
        fact="2.2 the list, then every *.logfiles of the directory; blank lines and # lines are skipped",
        logs={"a": lines("in a"), "b": lines("in b"), "c": lines("in c"), "d": lines("in d")},
        lists="# logs\n\n  \n{tree}/log/a\n#{tree}/log/d\n",
        files={"list.d/2.logfiles": "{tree}/log/b\n", "list.d/1.logfiles": "\n{tree}/log/c", "list.d/3.logs": "{tree}/log/d\n"},
        shows=("in a", "in b", "in c"),
        hides=("in d",),
    ),
    Case(
        fact="2.2 a log may have blanks in its name",
        logs={"my log": lines("spaced")},
        shows=("spaced",),
    ),
    Case(
        fact="2.2 blanks after a name in the list belong to the name",
        logs={"x": lines("plain"), "y": lines("readable")},
        lists="{tree}/log/x \n{tree}/log/y\n",
        then=(),
        shows=("E: File could not be read: {tree}/log/x \n", "readable"),
        hides=("plain",),
    ),
    Case(
        fact="2.2 a shell pattern in the list stands for the files it finds, and for none if it finds none",
        logs={"a.log": lines("in a"), "b.log": lines("in b"), "c": lines("in c")},
        lists="{tree}/log/*.log\n{tree}/log/*.nothing\n",
        shows=("in a", "in b"),
        hides=("in c", "E: "),
    ),
    Case(
        fact="2.2 -l FILE replaces all lists",
        logs={"a": lines("in a"), "b": lines("in b")},
        options=("-l", "{tree}/log/b"),
        shows=("in b",),
        hides=("in a",),
    ),
    Case(
        fact="2.2 -l FILE does not care about a missing list",
        logs={"b": lines("in b")},
        options=("-l", "{tree}/log/b", "-L", "{tree}/nowhere"),
        shows=("in b",),
    ),
    Case(
        fact="2.2 -l with a missing FILE: status 1",
        options=("-l", "{tree}/log/missing"),
        status=1,
        error="{tree}/log/missing does not exist or could not be read",
    ),
    Case(
        fact="2.2 -l with an unreadable FILE: status 1",
        options=("-l", "{tree}/log/syslog"),
        before="chmod 000 log/syslog",
        then=("chmod 600 log/syslog",),
        status=1,
        error="{tree}/log/syslog does not exist or could not be read",
        later_shows=("something",),
    ),
    Case(
        fact="2.2 a missing list: status 1",
        options=("-L", "{tree}/nowhere"),
        status=1,
        error="{tree}/nowhere does not exist or could not be read",
    ),
    Case(
        fact="2.2 an unreadable list: status 1",
        before="chmod 000 list",
        then=("chmod 600 list",),
        status=1,
        error="{tree}/list does not exist or could not be read",
        later_shows=("something",),
    ),
    Case(
        fact="2.2 an unreadable *.logfiles: status 1",
        logs={"b": lines("in b")},
        lists="",
        files={"list.d/a.logfiles": "{tree}/log/b\n"},
        before="chmod 000 list.d/a.logfiles",
        then=("chmod 600 list.d/a.logfiles",),
        status=1,
        error="{tree}/list.d/a.logfiles does not exist or could not be read",
        later_shows=("in b",),
    ),
    Case(
        fact="2.2 a missing directory of lists is nothing",
        options=("-D", "{tree}/nowhere"),
        shows=("something",),
    ),
    Case(
        fact="2.2 lists that name no log: nothing to report",
        lists="# nothing\n",
        hides=("something",),
    ),
    Case(
        fact="2.2 a log listed twice is read once",
        lists="{tree}/log/syslog\n{tree}/log/syslog\n",
        shows=(unusual("Nov 20 08:00:00 host something"),),
    ),
)

UNREADABLE = (
    Case(
        fact="2.2 a missing log is named at the top of the report, after the header",
        rules={"header.txt": "the header\n", "footer.txt": "the footer\n"},
        logs={"syslog": lines("something"), "missing": None, "gone": None},
        shows=(
            "the header\n\nE: File could not be read: {tree}/log/missing\nE: File could not be read: {tree}/log/gone\n\n"
            + UNUSUAL,
            "host something\n\nthe footer\n",
        ),
    ),
    Case(
        fact="2.2 a directory in the list is a log that cannot be read",
        logs={"syslog": lines("something"), "folder/": None},
        lists="{tree}/log/syslog\n{tree}/log/folder\n",
        shows=("\nE: File could not be read: {tree}/log/folder\n\n" + UNUSUAL,),
    ),
    Case(
        fact="2.2 if nothing but missing logs was listed, the run fails with their names",
        logs={"missing": None},
        status=1,
        error="E: File could not be read: {tree}/log/missing",
    ),
    Case(
        fact="2.2 if nothing but missing logs was listed, a mail says so",
        logs={"missing": None},
        mail=True,
        options=("-H", "myhost"),
        then=(),
        status=1,
        error="E: File could not be read: {tree}/log/missing",
        shows=("Logcheck: myhost DATE exiting due to errors\nE: File could not be read: {tree}/log/missing",),
    ),
    Case(
        fact="2.2 if a log is missing and the others have nothing new, the run fails with its name",
        logs={"syslog": lines("something"), "missing": None},
        then=("",),
        shows=("something",),
    ),
    Case(
        fact="2.2 a log that exists but cannot be read stops the run with 1, and the next run has its lines",
        logs={"secret": lines("something")},
        before="chmod 000 log/secret",
        then=("chmod 600 log/secret",),
        status=1,
        error="Could not run logtail or save output",
        later_shows=("something",),
    ),
)

READING = (
    Case(
        fact="2.2 only what is new is read, and nothing new is no report",
        then=("", "echo 'Nov 20 08:00:01 host afterwards' >> log/syslog", ""),
        shows=("something",),
        later_hides=("something", "afterwards"),
    ),
    Case(
        fact="2.2 -t does not move the offset",
        options=("-t",),
        then=("", "echo 'Nov 20 08:00:01 host afterwards' >> log/syslog"),
        shows=("something",),
        later_shows=("something", "afterwards"),
    ),
    Case(
        fact="2.2 an empty log is nothing to report",
        logs={"syslog": ""},
        then=("echo 'Nov 20 08:00:01 host afterwards' >> log/syslog",),
        hides=("E: ", UNUSUAL),
        later_shows=("afterwards",),
    ),
    Case(
        fact="2.8 rotated as logrotate does (.1): the rest of the old file, then the new one",
        then=(
            "echo 'Nov 20 08:00:01 host rest' >> log/syslog; mv log/syslog log/syslog.1; echo 'Nov 20 08:00:01 host new' > log/syslog",
        ),
        shows=("something",),
        later_shows=(unusual("Nov 20 08:00:01 host rest", "Nov 20 08:00:01 host new"),),
    ),
    Case(
        fact="2.8 rotated as savelog does (.0, with an older .1.gz): the rest of the old file, then the new one",
        then=(
            """echo 'Nov 20 08:00:01 host rest' >> log/syslog; mv log/syslog log/syslog.0; echo old | gzip > log/syslog.1.gz
            touch -d '2026-01-01' log/syslog.1.gz; echo 'Nov 20 08:00:01 host new' > log/syslog""",
        ),
        shows=("something",),
        later_shows=(unusual("Nov 20 08:00:01 host rest", "Nov 20 08:00:01 host new"),),
    ),
    Case(
        fact="2.8 rotated by date (LOG-20261120): the rest of the old file, then the new one",
        then=(
            "echo 'Nov 20 08:00:01 host rest' >> log/syslog; mv log/syslog log/syslog-20261120; echo 'Nov 20 08:00:01 host new' > log/syslog",
        ),
        shows=("something",),
        later_shows=(unusual("Nov 20 08:00:01 host rest", "Nov 20 08:00:01 host new"),),
    ),
    Case(
        fact="2.2 a log that became smaller: logtail's warning is among the lines, sorted like them",
        logs={"syslog": lines("first", "second", "third")},
        then=("echo 'Nov 20 08:00:01 host smaller' > log/syslog",),
        later_shows=(
            UNUSUAL + "*** WARNING ***: Log file {tree}/log/syslog is smaller than last time checked!\n***************\n"
            "*************** This could indicate tampering.\nNov 20 08:00:01 host smaller\n\n",
        ),
    ),
    Case(
        fact="2.8 NUL, CR and high bytes pass through to the report",
        logs={"syslog": b"Nov 20 08:00:00 host a\0b\rc\x1b[31md\xff\xe9\xc3\xa9 e\n"},
        shows=(b"Nov 20 08:00:00 host a\0b\rc\x1b[31md\xff\xe9\xc3\xa9 e\n",),
        hides=("Binary", "binary"),
    ),
    Case(
        fact="2.8 a line of 200,000 bytes comes whole",
        logs={"syslog": lines("x" * 200_000 + " end")},
        then=(),
        shows=("x" * 200_000 + " end\n",),
    ),
)

SORTING = (
    Case(
        fact="2.3 sorted as text by the first three fields: months by name, ISO stamps first, empty lines before all",
        logs={
            "syslog": "Oct 3 10:00:00 host a\nNov 20 10:00:00 host b\nNov  3 10:00:00 host c\n2026-11-20T10:00:00+00:00 host d\n\n"
            "Nov 20 09:00:00 host e\nDec 1 10:00:00 host f\n"
        },
        shows=(
            unusual(
                "",
                "2026-11-20T10:00:00+00:00 host d",
                "Dec 1 10:00:00 host f",
                "Nov  3 10:00:00 host c",
                "Nov 20 09:00:00 host e",
                "Nov 20 10:00:00 host b",
                "Oct 3 10:00:00 host a",
            ),
        ),
    ),
    Case(
        fact="2.3 the sort is stable: lines with the same first three fields stay in their order",
        logs={
            "syslog": "Nov 20 10:00:00 z last\nNov 20 10:00:00 a first\nNov 20 09:00:00 m\nNov 20 10:00:00 b\nNov 20 10:00:00\n"
        },
        shows=(
            unusual(
                "Nov 20 09:00:00 m", "Nov 20 10:00:00 z last", "Nov 20 10:00:00 a first", "Nov 20 10:00:00 b", "Nov 20 10:00:00"
            ),
        ),
    ),
    Case(
        fact="2.3 a field carries the blanks before it, and a line of fewer fields sorts by what it has",
        logs={"syslog": "a  b c 1\na b c 2\n\ta b c 3\n a b c 4\na\tb c 5\nab c d 6\na b\na\n b\nz\n"},
        shows=(unusual("\ta b c 3", " a b c 4", " b", "a", "a\tb c 5", "a  b c 1", "a b", "a b c 2", "ab c d 6", "z"),),
    ),
    Case(
        fact="2.3 lines of several logs are merged by time, equal ones in the order of the logs' own names",
        logs={
            "b": "Nov 20 10:00:00 host b1\nNov 20 10:00:02 host b2\n",
            "a": "Nov 20 10:00:01 host a1\nNov 20 10:00:02 host a2\n",
        },
        shows=(
            unusual("Nov 20 10:00:00 host b1", "Nov 20 10:00:01 host a1", "Nov 20 10:00:02 host a2", "Nov 20 10:00:02 host b2"),
        ),
    ),
    Case(
        fact="2.2 logs of the same basename are one text, in the order of the list",
        logs={"one/x": lines("in one"), "two/x": lines("in two"), "y": lines("in y"), "w": lines("in w")},
        lists="{tree}/log/two/x\n{tree}/log/y\n{tree}/log/one/x\n{tree}/log/w\n",
        shows=(
            unusual(
                "Nov 20 08:00:00 host in w",
                "Nov 20 08:00:00 host in two",
                "Nov 20 08:00:00 host in one",
                "Nov 20 08:00:00 host in y",
            ),
        ),
    ),
    Case(
        fact="2.3 duplicates are kept",
        logs={"syslog": lines("same", "same"), "other": lines("same")},
        shows=(unusual(*["Nov 20 08:00:00 host same"] * 3),),
    ),
    Case(
        fact="2.3 SORTUNIQ=1: sorted by the whole line, duplicates of all logs dropped",
        conf="SORTUNIQ=1\n",
        logs={"syslog": lines("same", "same", "b", "a"), "other": lines("same", "c")},
        shows=(unusual(*(f"Nov 20 08:00:00 host {word}" for word in ("a", "b", "c", "same"))),),
    ),
    Case(
        fact="2.3 SORTUNIQ=1 compares lines before blanks at their ends are removed",
        conf="SORTUNIQ=1\n",
        logs={"syslog": lines("same", "same ", "same\t", "same ")},
        shows=(unusual(*["Nov 20 08:00:00 host same"] * 3),),
    ),
    Case(
        fact="2.3 white space at line ends is removed before rules see the line",
        rules={"violations.d/x": "end$\n"},
        logs={"syslog": lines("end ", "end\t \t", "end\r", "end\v\f \r", "end\u00a0", "  end\u0085")},
        shows=(
            "Security Events for x\n=-=-=-=-=-=-=-=-=-=-=\n" + "Nov 20 08:00:00 host end\n" * 4 + "\n" + UNUSUAL,
            "end\u00a0\n",
        ),
    ),
    Case(
        fact="2.3 lines of nothing but white space become empty lines, and are reported",
        logs={"syslog": "   \n\t\n\nx\n"},
        shows=(unusual("", "", "", "x"),),
    ),
    Case(
        fact="2.3 an empty line is ignored by a rule that matches it",
        rules={"ignore.d.server/x": "^$\n"},
        logs={"syslog": "   \n\t\n\nx\n"},
        shows=(unusual("x"),),
    ),
)

CASES = (*LISTS, *UNREADABLE, *READING, *SORTING)
