"""The logcheck of 1997, twice: as a short account of what its script does, in this file, and the seed's own script made to run again.

Both call the real grep. The script's logtail 1.11 is `OLD_LOGTAIL`, written after the sheet's 1.4.
"""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Mapping

from tests.e2e.harness import Case, Outcome, Text, Tree, check_command, identity, lines, observe
from tests.e2e.mailbox import Mail, Part

DATE = "%m/%d/%y:%H.%M"
LOGS = ("messages", "syslog", "auth.log", "mail.log", "daemon.log")
"""What the seed's script reads on Linux, in its order."""

OLD_LOGTAIL = r'''#!/usr/bin/python3
"""Stands in for logtail 1.11: prints what is new in a log, and says everything it has to say on standard output."""
import io, os, sys

if len(sys.argv) not in (2, 3):
    print("usage: logtail LOG [OFFSETFILE]")
    sys.exit(64)
log = sys.argv[1]
kept = sys.argv[2] if len(sys.argv) == 3 else log + ".offset"
try:
    data = open(log, "rb").read()
except OSError:
    print(f"File {log} cannot be read.")
    sys.exit(66)
inode, size, start = os.stat(log).st_ino, len(data), 0
try:
    known, offset = (int(number) for number in open(kept).read().split())
    if known == inode:
        start = offset
except (OSError, ValueError):
    pass
if start > size:
    print("***************")
    print(f"*** WARNING ***: Log file {log} is smaller than last time checked!")
    print("***************\t This could indicate tampering.", flush=True)
    start = 0
sys.stdout.flush()
for line in io.BytesIO(data[start:]):
    text, nul, _ = line.partition(b"\0")
    os.write(1, text if nul else line)
with open(os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
    file.write(f"{inode}\n{size}")
'''

TITLES = ("Active System Attack Alerts", "Security Violations", "Unusual System Events")


def psionic(
    fact: str,
    *,
    hacking: Text | None = "attack\n",
    violations: Text | None = "violation\n",
    violations_ignore: Text | None = "harmless\n",
    ignore: Text | None = "routine\n",
    log: Text = "",
    logs: Mapping[str, Text | None] | None = None,
    **more: object,
) -> Case:
    """A case with the four files, and with `log` as its syslog; the other logs that the script reads are empty."""
    etc = {"hacking": hacking, "violations": violations, "violations.ignore": violations_ignore, "ignore": ignore}
    files = {f"etc/logcheck.{name}": content for name, content in etc.items()}
    extra = {"logtail": OLD_LOGTAIL, "state.oracle/": None, "adm/": None}
    given = {**dict.fromkeys(LOGS, ""), "syslog": log, **(logs or {})}
    return Case(fact=fact, files={**files, **extra}, logs=given, date=DATE, **more)  # type: ignore[arg-type]


def grep(tree: Tree, *options: str, data: bytes) -> tuple[int, bytes]:
    """The real `grep -E` over `data`, as cron runs it: status and output."""
    done = subprocess.run(
        ["grep", "-E", *options, "-"],
        input=data,
        cwd=tree.root,
        env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        check=False,
    )
    return done.returncode, done.stdout


def new_text(tree: Tree) -> bytes:
    """What the old logtail says of every log, in the order of the list."""
    text = b""
    for log in LOGS:
        command = [
            "/usr/bin/python3",
            str(tree.root / "logtail"),
            str(tree.root / "log" / log),
            str(tree.root / "state.oracle" / log),
        ]
        text += subprocess.run(command, stdout=subprocess.PIPE, check=False, **identity(tree.user)).stdout
    return text


def account(tree: Tree) -> Outcome:
    """One run of the old logcheck, told step by step as the sheet's 1.2 has it."""
    begun = time.time()
    text = new_text(tree)
    etc = tree.root / "etc"
    hacking, violations, known, ignore = (
        etc / f"logcheck.{name}" for name in ("hacking", "violations", "violations.ignore", "ignore")
    )
    found: list[tuple[str, bytes]] = []
    if text and hacking.is_file():
        status, hits = grep(tree, "-i", "-f", str(hacking), data=text)
        found += [(TITLES[0], hits)] if status == 0 else []
    if text and violations.is_file():
        status, hits = grep(tree, "-v", "-f", str(known), data=grep(tree, "-i", "-f", str(violations), data=text)[1])
        found += [(TITLES[1], hits)] if status == 0 else []
    if text and ignore.is_file():
        status, hits = grep(tree, "-v", "-f", str(ignore), data=text)
        found += [(TITLES[2], hits)] if status == 0 else []
    body = b"".join(f"\n{title}\n{('=-' * 14)[: len(title)]}\n".encode() + hits for title, hits in found)
    attacked = any(title == TITLES[0] for title, _ in found)
    host = subprocess.run(["hostname"], capture_output=True, check=True).stdout.decode().strip()
    assert time.time() - begun < 60
    subject = f"{host} DATE ACTIVE SYSTEM ATTACK!" if attacked else f"Systems Check: {host} DATE"
    mail = Mail(("user@example.com",), "user@example.com", subject, "", "", (Part("text/plain", None, "7bit", body),))
    return Outcome(status=0, report=b"", errors=(), mails=(mail,) if found else (), stderr=b"")


TYPESET = str.maketrans({"\u201c": '"', "\u201d": '"', "\u2019": "'", "\u2018": "'", "\u2013": "-", "\u2014": "--"})


def relocated(tree: Tree, page: str) -> str:
    """The script on the seed's page, typeset as it is there, with the tree's directories in place of the system's."""
    begin = page.index("#!/bin/sh")
    end = page.index("\n", page.index("rm -f", page.index("# Clean Up"))) + 1
    script, root = page[begin:end], str(tree.root)
    for old, new in (("/export/logsentry", root), ("/var/log", f"{root}/log"), ("/var/adm", f"{root}/adm")):
        script = script.replace(old, new)
    return re.sub(r"^PATH=", f"PATH={root}/bin:", script, flags=re.MULTILINE)


def revived(tree: Tree, page: str) -> None:
    """Write logcheck.sh into the tree: the script of the seed's page, with the quotes and back-quotes that it had before it was
    typeset, so that it runs again."""
    script = relocated(tree, page).translate(TYPESET)
    for name in ("HOSTNAME", "DATE", "OS"):
        script = re.sub(rf"^{name}=(.*)$", rf"{name}=`\1`", script, count=1, flags=re.MULTILINE)
    script = re.sub(r"^LOGTAIL=.*$", f'LOGTAIL="/usr/bin/python3 {tree.root}/logtail"', script, flags=re.MULTILINE)
    (tree.root / "logcheck.sh").write_text(script)


def settings(tree: Tree) -> None:
    """Write logcheck.sh into the tree: a settings block of our own, with the names that the old script uses and the logs it reads."""
    root = tree.root
    listed = "".join(f"$LOGTAIL {root}/log/{log} >> $TMPDIR/check.$$\n" for log in LOGS)
    (root / "logcheck.sh").write_text(
        f"#!/bin/sh\nSYSADMIN=user@example.com\nLOGTAIL={root}/logtail\nTMPDIR={root}/tmp\nGREP=egrep\nMAIL=mailx\n"
        f"HACKING_FILE={root}/etc/logcheck.hacking\nVIOLATIONS_FILE={root}/etc/logcheck.violations\n"
        f"VIOLATIONS_IGNORE_FILE={root}/etc/logcheck.violations.ignore\nIGNORE_FILE={root}/etc/logcheck.ignore\n"
        f'HOSTNAME=`hostname`\nDATE=`date +%m/%d/%y:%H.%M`\nOS=`uname -s`\nif [ $OS = "Linux" ]; then\n{listed}fi\n'
    )


def run_script(tree: Tree) -> Outcome:
    """One run of `logcheck.sh` in the tree."""
    return observe(tree, "peer", ["/bin/sh", str(tree.root / "logcheck.sh")])


def vigilog_psionic(tree: Tree) -> Outcome:
    """One run of Vigilog by the same `logcheck.sh`."""
    words = ["--psionic", str(tree.root / "logcheck.sh"), "-S", str(tree.root / "state.vigilog")]
    return observe(tree, "vigilog", check_command(tree, *words, *(tree.fill(option) for option in tree.case.options)))


WORDS = lines("attack", "violation", "harmless violation", "routine", "something")

CASES = (
    psionic("1.2 three sections, and none of them excludes another", log=WORDS),
    psionic("1.2 an attack is among the unusual events too, unless it is ignored", ignore="routine\nattack\n", log=WORDS),
    psionic("1.2 an attack is among the violations too, if it matches there", violations="attack\nviolation\n", log=WORDS),
    psionic("1.2 what violations.ignore excludes is still unusual", log=lines("harmless violation")),
    psionic("1.2 nothing new: no mail", log="", then=("", "echo 'Nov 20 08:00:01 host something' >> log/syslog", "")),
    psionic("1.2 only ignored lines: no mail", log=lines("routine", "routine too")),
    psionic("1.2 attacks and violations without regard to case", log=lines("ATTACK", "Violation", "aTTack vIOLATION")),
    psionic(
        "1.2 ignore files with regard to case", log=lines("Harmless violation", "Routine", "violation HARMLESS", "routinE")
    ),
    psionic("1.2 no attack: the other subject", log=lines("violation")),
    psionic("1.2 only unusual events: the other subject too", log=lines("something")),
    psionic("1.2 only an attack, which is ignored", ignore="attack\n", log=lines("attack")),
    psionic(
        "1.2 logs in the order of the list, lines in the order of the log, duplicates kept, blanks at their ends too",
        logs={
            "messages": "z 3\nz 1\n",
            "syslog": "b  \nb\n\nb \t\n",
            "auth.log": "a violation 2\na violation 1\n",
            "mail.log": "Nov 1 attack\nOct 1 attack\n",
            "daemon.log": "z 3\n",
        },
    ),
    psionic(
        "1.4 a log that became smaller is an unusual event",
        log=WORDS,
        then=("echo 'Nov 20 08:00:01 host smaller' > log/syslog",),
    ),
    psionic(
        "1.4 nothing of a file that was rotated away is read, when it had been read to its end",
        log=WORDS,
        then=("mv log/syslog log/syslog.1; echo 'Nov 20 08:00:01 host new' > log/syslog",),
    ),
    psionic("1.3 IGNORE empty: everything is unusual", ignore="", log=WORDS),
    psionic("1.3 VIOLATIONS_IGNORE empty: nothing is excluded", violations_ignore="", log=WORDS),
    psionic("1.3 HACKING missing: no attacks", hacking=None, log=WORDS),
    psionic("1.3 HACKING empty: no attacks", hacking="", log=WORDS),
    psionic("1.3 VIOLATIONS missing: no violations", violations=None, log=WORDS),
    psionic("1.3 VIOLATIONS empty: no violations", violations="", log=WORDS),
    psionic(
        "1.3 lines that begin with # are patterns",
        hacking="#attack\n",
        ignore="# routine\n",
        log=lines("#attack", "attack", "# routine"),
    ),
    psionic("1.3 *WIZ is WIZ", hacking="*WIZ\n", log=lines("the wizard", "*WIZ", "no")),
    psionic("1.3 trailing blanks of a pattern count", hacking="attack \n", log=lines("attack", "attack now")),
    psionic("1.3 a file without a final newline", hacking="attack", ignore="routine\nsomething", log=WORDS),
    psionic("1.3 patterns with CR", hacking="attack\r\n", ignore="routine\r\n", log=WORDS),
    psionic(
        "1.3 -i with classes, ranges and back-references",
        hacking="[a-f]x[[:upper:]]\n(w.)\\1\n[^q]z\n",
        log=lines("BxY", "gxy", "wawA", "wawb", "Qz", "rZ"),
    ),
)
"""Cases in which Vigilog does what the old script did."""

EXACT = (
    psionic("1.3 IGNORE with a blank line: no unusual events", ignore="routine\n\n", log=WORDS),
    psionic("1.3 VIOLATIONS_IGNORE with a blank line: no violations", violations_ignore="\nharmless\n", log=WORDS),
    psionic("1.3 HACKING with a blank line: every line is an attack", hacking="attack\n\n", log=WORDS),
    psionic("1.3 VIOLATIONS with a blank line: every line is a violation", violations="\n", log=WORDS),
    psionic("1.3 VIOLATIONS_IGNORE missing: no violations", violations_ignore=None, log=WORDS),
    psionic("1.3 an invalid pattern in HACKING: no attacks", hacking="attack\n(\n", log=WORDS),
    psionic("1.3 an invalid pattern in VIOLATIONS: no violations", violations="violation\n[[:no:]]\n", log=WORDS),
    psionic("1.3 an invalid pattern in VIOLATIONS_IGNORE: no violations", violations_ignore="harmless\n[\n", log=WORDS),
    psionic("1.3 an invalid pattern in IGNORE: no unusual events", ignore="routine\na[\n", log=WORDS),
)
"""Cases in which Vigilog does so with --exact-grep only: `test_differences` says what it does without."""

TOLD_MORE = (
    psionic(
        "1.2 a log that is missing is an unusual event", log=lines("something"), logs={"mail.log": None, "daemon.log": None}
    ),
    psionic("1.2 all logs are missing", logs=dict.fromkeys(LOGS), then=()),
    psionic("1.3 IGNORE missing: no unusual events", ignore=None, log=WORDS),
    psionic("1.3 all four missing: no mail", hacking=None, violations=None, violations_ignore=None, ignore=None, log=WORDS),
)
"""Cases in which Vigilog says more than the old script: `test_differences` says what."""
