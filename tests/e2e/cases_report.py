"""Cases for the sheet's 2.5 and 2.6: the report, the mail, the options and the settings."""

from __future__ import annotations

from tests.e2e.cases_filter import section
from tests.e2e.harness import Case, lines

THREE = {"cracking.d/c": "attack\n", "violations.d/v": "violation\n"}
ALL_THREE = lines("attack", "violation", "something")
PARANOID = {"ignore.d.workstation/w": "something\n", "ignore.d.server/s": "something\n"}
HEADED = {"header.txt": "the header\n", "footer.txt": "the footer\n"}
SOMETHING = section("System Events", "something")
TO = ("-m", "admin@example.org", "-H", "myhost")


def mailed(
    fact: str,
    subject: str,
    *,
    log: str = ALL_THREE,
    conf: str = "",
    options: tuple[str, ...] = (),
    date: str = "%Y-%m-%d %H:%M %z",
) -> Case:
    """A case whose fact is the subject of its mail."""
    return Case(
        fact=fact,
        rules=THREE,
        logs={"syslog": log},
        conf=conf,
        options=(*TO, *options),
        mail=True,
        date=date,
        shows=(subject + "\n",),
    )


REPORT = (
    Case(
        fact="2.5 header.txt before, footer.txt after",
        rules=HEADED,
        shows=(f"the header\n{SOMETHING}the footer\n",),
    ),
    Case(
        fact="2.5 header and footer as they are, without a final newline too",
        rules={"header.txt": "the header", "footer.txt": "the\n\nfooter"},
        shows=(f"the header{SOMETHING}the\n\nfooter",),
    ),
    *(
        Case(
            fact=f"2.5 INTRO={value}: " + ("no header and no footer" if value in ("0", "no") else "header and footer"),
            conf=f'INTRO="{value}"\n',
            rules=HEADED,
            shows=(SOMETHING if value in ("0", "no") else f"the header\n{SOMETHING}the footer\n",),
            hides=("the header",) if value in ("0", "no") else (),
        )
        for value in ("0", "1", "no", "yes", "")
    ),
    Case(
        fact="2.5 a header that cannot be read is left out",
        rules=HEADED,
        before="chmod 000 rules/header.txt",
        shows=(f"{SOMETHING}the footer\n",),
        hides=("header",),
    ),
    Case(
        fact="2.5 INTRO=0 with a missing log: the message stays",
        conf="INTRO=0\n",
        rules=HEADED,
        logs={"syslog": lines("something"), "missing": None},
        shows=("\nE: File could not be read: {tree}/log/missing\n\n" + SOMETHING,),
        hides=("header",),
    ),
    Case(
        fact="2.5 the underline is as long as the title",
        rules={"violations.d/odd": "o\n", "violations.d/even": "e\n"},
        conf='EVENTSSUBJECT="A"\n',
        shows=("Security Events for odd\n=-=-=-=-=-=-=-=-=-=-=-=\n", "Security Events for even\n=-=-=-=-=-=-=-=-=-=-=-=-\n"),
    ),
    Case(
        fact="2.5 nothing left to report: nothing at all, not even the header",
        rules={**HEADED, "ignore.d.server/i": "something\n"},
        hides=("header", "something", "footer"),
    ),
    Case(
        fact="2.5 nothing left to report: no mail",
        rules={**HEADED, "ignore.d.server/i": "something\n"},
        mail=True,
        hides=("header", "something", "footer"),
    ),
)

SUBJECTS = (
    mailed("2.5 the subject names the highest section: alerts", "myhost DATE Security Alerts"),
    mailed(
        "2.5 the subject names the highest section: security events",
        "myhost DATE Security Events",
        log=lines("violation", "something"),
    ),
    mailed("2.5 the subject names the highest section: system events", "myhost DATE System Events", log=lines("something")),
    mailed("2.5 ADDTAG=yes", "[logcheck] myhost DATE Security Alerts", conf='ADDTAG="yes"\n'),
    mailed("2.5 ADDTAG of another value is no", "myhost DATE Security Alerts", conf='ADDTAG="1"\n'),
    mailed("2.6 -R: Reboot", "Reboot: myhost DATE Security Alerts", options=("-R",)),
    mailed("2.6 -R and ADDTAG", "[logcheck] Reboot: myhost DATE Security Alerts", conf="ADDTAG=yes\n", options=("-R",)),
    mailed("2.6 ATTACKSUBJECT is title and subject", "myhost DATE Stop them", conf='ATTACKSUBJECT="Stop them"\n'),
    mailed(
        "2.6 SECURITYSUBJECT is title and subject",
        "myhost DATE What's this",
        conf='SECURITYSUBJECT="What\'s this"\n',
        log=lines("violation"),
    ),
    mailed(
        "2.6 EVENTSSUBJECT is title and subject",
        "myhost DATE The rest",
        conf="EVENTSSUBJECT='The rest'\n",
        log=lines("something"),
    ),
    mailed(
        "2.6 DATE as the shipped configuration has it",
        "myhost DATE Security Alerts",
        conf="DATE=\"$(date +'%Y-%m-%d %H:%M')\"\n",
        date="%Y-%m-%d %H:%M",
    ),
    mailed(
        "2.6 DATE with double quotes and words",
        "myhost on DATE Security Alerts",
        conf='DATE="on $(date "+%d.%m.%Y at %H:%M")"\n',
        date="%d.%m.%Y at %H:%M",
    ),
    mailed("2.6 DATE in back-quotes", "myhost DATE Security Alerts", conf="DATE=`date +%Y/%m/%d`\n", date="%Y/%m/%d"),
    mailed("2.6 DATE of fixed words", "myhost always Security Alerts", conf="DATE=always\n"),
    Case(
        fact="2.5 the host's short name with FQDN=0",
        conf="FQDN=0\n",
        options=("-m", "root"),
        mail=True,
        shows=("DATE System Events\n",),
    ),
    Case(
        fact="2.5 the host's full name with FQDN=1",
        conf="FQDN=1\n",
        options=("-m", "root"),
        mail=True,
        shows=("DATE System Events\n",),
    ),
)

MAIL = (
    Case(
        fact="2.5 short lines of ASCII go as they are",
        rules=HEADED,
        options=TO,
        mail=True,
        shows=("myhost DATE System Events\n" + f"the header\n{SOMETHING}the footer\n",),
    ),
    Case(
        fact="2.5 a line of 80 characters goes as it is",
        logs={"syslog": lines("x" * (80 - len(lines("")) + 1))},
        options=TO,
        mail=True,
        shows=("xxxx\n",),
    ),
    Case(
        fact="2.5 a line of 81 characters makes the mail quoted-printable",
        logs={"syslog": lines("x" * (81 - len(lines("")) + 1))},
        options=TO,
        mail=True,
        shows=("xxxx\n",),
    ),
    Case(
        fact="2.5 high bytes make the mail quoted-printable",
        logs={"syslog": lines("caf\u00e9")},
        options=TO,
        mail=True,
        shows=("caf\u00e9\n",),
    ),
    Case(
        fact="2.5 mostly high bytes make the mail base64",
        logs={"syslog": "\u00e9\u00e8" * 200 + "\n"},
        options=TO,
        mail=True,
        shows=("\u00e9\u00e8\n",),
    ),
    Case(
        fact="2.5 a report without a final newline goes as base64",
        rules={"footer.txt": "the footer"},
        options=TO,
        mail=True,
        shows=("the footer",),
    ),
    Case(
        fact="2.5 a line that begins with From makes the mail quoted-printable",
        logs={"syslog": "From here on\n"},
        options=TO,
        mail=True,
        shows=("From here on\n",),
    ),
    *(
        Case(
            fact=f"2.6 MIMEENCODING={encoding}",
            conf=f'MIMEENCODING="{encoding}"\n',
            logs={"syslog": lines("caf\u00e9 " * 40)},
            options=TO,
            mail=True,
            shows=("caf\u00e9 caf\u00e9",),
        )
        for encoding in ("7bit", "8bit", "quoted-printable", "base64")
    ),
    Case(
        fact="2.5 MAILASATTACH=1: the report is attached as text",
        conf="MAILASATTACH=1\n",
        options=TO,
        mail=True,
        shows=("Report attached\n" + SOMETHING,),
    ),
    Case(
        fact="2.5 MAILASATTACH=1 with MIMEENCODING: both parts are encoded so",
        conf="MAILASATTACH=1\nMIMEENCODING=base64\n",
        options=TO,
        mail=True,
        shows=("Report attached\n" + SOMETHING,),
    ),
    Case(
        fact="2.5 MAILASATTACH=2: the report is attached compressed",
        conf="MAILASATTACH=2\n",
        options=TO,
        mail=True,
        shows=("Report attached\n" + SOMETHING,),
    ),
    Case(
        fact="2.5 -o prints the report, whatever MAILASATTACH says",
        conf="MAILASATTACH=2\n",
        shows=(SOMETHING,),
    ),
    Case(
        fact="2.6 SENDMAILTO of the configuration",
        conf='SENDMAILTO="ops@example.org"\n',
        options=("-H", "myhost"),
        mail=True,
        shows=("System Events",),
    ),
    Case(
        fact="2.6 without SENDMAILTO: to root",
        options=("-H", "myhost"),
        mail=True,
        shows=("System Events",),
    ),
    Case(
        fact="2.5 an error without -o: a mail that holds it",
        conf='REPORTLEVEL="strange"\n',
        options=TO,
        mail=True,
        then=(),
        status=1,
        error="REPORTLEVEL is set to an unknown value",
        shows=("Logcheck: myhost DATE exiting due to errors\nREPORTLEVEL is set to an unknown value",),
    ),
    Case(
        fact="2.5 an error with -o: no mail",
        conf='REPORTLEVEL="strange"\n',
        options=TO,
        then=(),
        status=1,
        error="REPORTLEVEL is set to an unknown value",
        hides=("exiting due to errors",),
    ),
)

OPTIONS = (
    Case(
        fact="2.6 -p beats REPORTLEVEL of the configuration",
        conf='REPORTLEVEL="workstation"\n',
        rules=PARANOID,
        options=("-p",),
        shows=("something",),
    ),
    Case(
        fact="2.6 REPORTLEVEL=paranoid",
        conf="REPORTLEVEL=paranoid\n",
        rules=PARANOID,
        shows=("something",),
    ),
    Case(
        fact="2.6 REPORTLEVEL=workstation",
        conf="REPORTLEVEL='workstation'\n",
        rules={"ignore.d.workstation/w": "something\n"},
        hides=("something",),
    ),
    Case(
        fact="2.6 without REPORTLEVEL: server",
        rules={"ignore.d.server/s": "something\n", "ignore.d.workstation/w": "other\n"},
        logs={"syslog": lines("something", "other")},
        shows=("other",),
        hides=("something",),
    ),
    Case(
        fact="2.6 of several levels the last counts",
        rules={"ignore.d.workstation/w": "something\n"},
        options=("-p", "-w"),
        hides=("something",),
    ),
    Case(
        fact="2.6 RULEDIR of the configuration; -r beats it",
        conf="RULEDIR={tree}/elsewhere\n",
        files={"elsewhere/cracking.d/x": "something\n", "elsewhere/violations.d/": None},
        shows=(SOMETHING,),
        hides=("Alerts",),
    ),
    Case(
        fact="2.6 a missing configuration named by -c: status 1",
        options=("-c", "{tree}/nowhere.conf"),
        mail=True,
        then=(),
        status=1,
        error="Config file {tree}/nowhere.conf is unreadable or does not exist",
    ),
    Case(
        fact="2.6 options may be joined, and an argument may follow its letter",
        rules=THREE,
        logs={"syslog": ALL_THREE},
        options=("-Rwtmroot", "-Hmyhost"),
        mail=True,
        shows=("Reboot: myhost DATE Security Alerts\n",),
    ),
    Case(
        fact="2.6 -d: the report as always",
        options=("-d",),
        shows=(SOMETHING,),
    ),
    Case(
        fact="2.6 -T: the report as always",
        options=("-T",),
        shows=(SOMETHING,),
    ),
    Case(
        fact="2.6 TMP that does not exist: another directory is used",
        conf="TMP={tree}/nowhere\n",
        shows=(SOMETHING,),
    ),
    Case(
        fact="2.6 the configuration is shell: comments, quotes of all kinds, several settings in a line, export",
        conf='# REPORTLEVEL=strange\n  REPORTLEVEL=work\'stat\'"ion"   # the level\n\nexport SENDMAILTO=a\\@b.example;ADDTAG="yes"\n'
        "EVENTSSUBJECT='It''s' # no\nEVENTSSUBJECT=\"The \\\"rest\\\" of \\$it\"\n",
        rules={"ignore.d.workstation/w": "routine\n"},
        logs={"syslog": lines("something", "routine")},
        options=("-H", "myhost"),
        mail=True,
        shows=('[logcheck] myhost DATE The "rest" of $it\n',),
        hides=("routine",),
    ),
    Case(
        fact="2.6 a setting may use another one",
        conf='NAME=Ops\nEVENTSSUBJECT="$NAME: ${NAME} events"\n',
        shows=("Ops: Ops events\n",),
    ),
    Case(
        fact="2.6 of a setting given twice the last counts",
        conf="EVENTSSUBJECT=First\nEVENTSSUBJECT=Second\n",
        shows=("Second\n=-=-=-\n",),
    ),
    Case(
        fact="2.6 a setting may go on in the next line",
        conf='EVENTSSUBJECT="One \\\ntitle"\nATTACKSUBJECT=a\\\nb\n',
        shows=("One title\n",),
    ),
    Case(
        fact="2.6 an unknown setting is nothing to logcheck",
        conf="SOMETHING_ELSE=1\n",
        shows=(SOMETHING,),
    ),
)

CASES = (*REPORT, *SUBJECTS, *MAIL, *OPTIONS)
