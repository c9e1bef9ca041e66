"""Runs the real logcheck and Vigilog on the same files, and holds what each of them said.

Both read one tree (rules, logs, lists, settings) and each has a state directory of its own, so that paths, inodes and
rotations are the same for both and their reports can be compared byte by byte.
"""

from __future__ import annotations

import atexit
import os
import pwd
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from tests.conftest import absent
from tests.e2e.mailbox import CATCHER, Mail, take_mails

import vigilog

LOGCHECK = "/usr/sbin/logcheck"
STANDARD_DATE = "%Y-%m-%d %H:%M %z"

Text = str | bytes


def lines(*texts: str) -> str:
    """Syslog lines of one second, so that logcheck's stable sort leaves them in the order written here."""
    return "".join(f"Nov 20 08:00:00 host {text}\n" for text in texts)


@dataclass(frozen=True, kw_only=True)
class Case:
    """A fact of the sheet and the files that show it. `{tree}` in any text is the directory all files lie in.

    `rules`, `logs`, `files` map names below rules/, log/ and the tree to contents; a name that ends in `/` is a directory, contents
    that begin with `-> ` are a symbolic link, None is no file at all. `conf` is logcheck.conf, `lists` the log list (None: every
    log by name). `before` is a shell script run before the first run. `then` are scripts, each followed by one more run; by default
    every log gets its own text once more, which must come out as the first time if only what is new is read.

    What the real program must do for the case to prove its fact: `shows` and `hides` speak of the report of the first run (or of the mails),
    `later_shows` and `later_hides` of the last one's, `status` and `error` (the text after `Error: `) of the first run.
    """

    fact: str
    rules: Mapping[str, Text | None] = field(default_factory=dict)
    logs: Mapping[str, Text | None] = field(default_factory=lambda: {"syslog": lines("something")})
    files: Mapping[str, Text | None] = field(default_factory=dict)
    conf: str = ""
    lists: Text | None = None
    options: tuple[str, ...] = ()
    mail: bool = False
    before: str = ""
    then: tuple[str, ...] | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    date: str = STANDARD_DATE
    status: int = 0
    error: str | None = None
    shows: tuple[Text, ...] = ()
    hides: tuple[Text, ...] = ()
    later_shows: tuple[Text, ...] = ()
    later_hides: tuple[Text, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """What one run of a tool left: exit status, standard output, the errors it told, its mails, and all of standard error."""

    status: int
    report: bytes
    errors: tuple[str, ...]
    mails: tuple[Mail, ...]
    stderr: bytes = field(compare=False)

    @property
    def seen(self) -> bytes:
        """Everything that a reader of the report or of the mails sees."""
        mailed = [mail.subject.encode() + b"\n" + b"\n".join(part.body for part in mail.parts) for mail in self.mails]
        return b"\n".join([self.report, *mailed])


@dataclass(frozen=True)
class Tree:
    """The directory of one case. `user` is who runs the tools, None for whoever runs the tests."""

    root: Path
    case: Case
    user: str | None

    def fill(self, text: str) -> str:
        return text.replace("{tree}", str(self.root))


def someone() -> str | None:
    """Who runs the tools: user logcheck when the tests are run by root, which the real logcheck refuses; else ourselves."""
    if os.getuid() != 0:
        return None
    try:
        return pwd.getpwnam("logcheck").pw_name
    except KeyError:
        absent("no user logcheck, and the tests are run as root, which logcheck refuses")
        return None


def write(tree: Tree, folder: str, files: Mapping[str, Text | None]) -> None:
    """Write `files` below the tree's `folder` as `Case` describes them."""
    for name, content in files.items():
        path = tree.root / folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith("/"):
            path.mkdir(exist_ok=True)
        elif isinstance(content, str) and content.startswith("-> "):
            path.symlink_to(tree.fill(content[3:]))
        elif content is not None:
            path.write_bytes(tree.fill(content).encode() if isinstance(content, str) else content)


TOML = '[mail]\ncommand = "{tree}/bin/sendmail"\n'
"""Vigilog's own configuration: no mail leaves the tree. (The real logcheck's mailer takes the first sendmail in PATH.)"""

RULE_FOLDERS: Mapping[str, None] = {
    "cracking.d/": None,
    "violations.d/": None,
    "violations.ignore.d/": None,
    "ignore.d.server/": None,
}


@contextmanager
def plant(case: Case) -> Iterator[Tree]:
    """Make the tree of `case`, and take it away afterwards."""
    root = Path(tempfile.mkdtemp(prefix="vigilog-e2e-", dir="/tmp"))
    tree = Tree(root, case, someone())
    try:
        root.chmod(0o755)
        bins = {"bin/sendmail": CATCHER, "bin/mailx": CATCHER}
        folders = dict.fromkeys(["tmp/", "lock/", "list.d/", "state.peer/", "state.vigilog/", "mail.peer/", "mail.vigilog/"])
        write(tree, "", {**folders, **bins, "log/": None, "conf": case.conf, "conf.peer": private(root) + case.conf})
        write(tree, "rules", {**RULE_FOLDERS, **case.rules})
        write(tree, "log", case.logs)
        listed = "".join(f"{{tree}}/log/{name}\n" for name in case.logs if not name.endswith("/"))
        write(tree, "", {"vigilog.toml": TOML, "list": listed if case.lists is None else case.lists, **case.files})
        for program in (root / "bin").iterdir():
            program.chmod(0o755)
        for path in [root, *root.rglob("*")]:
            if tree.user:
                shutil.chown(path, tree.user, tree.user) if not path.is_symlink() else None
        shell(tree, case.before)
        yield tree
    finally:
        subprocess.run(["chmod", "-R", "u+rwX", str(root)], check=False, capture_output=True)
        shutil.rmtree(root, ignore_errors=True)


def private(root: Path) -> str:
    """Settings that give the real logcheck a lock and a work directory of its own, put before those of the case. They are variables of
    the script that its configuration may set; with the usual lock, runs of different tests would wait five seconds for each other."""
    return f"LOCKDIR={root}/lock\nLOCKFILE={root}/lock/logcheck\nTMP={root}/tmp\nSYSLOG_SUMMARY={root}/bin/syslog-summary\n"


def shell(tree: Tree, script: str) -> None:
    """Run `script` in the tree as the user who runs the tools."""
    if script:
        run(tree, ["/bin/sh", "-euc", tree.fill(script)], {"PATH": "/usr/bin:/bin"}).check_returncode()


def identity(user: str | None) -> dict[str, Any]:
    """The arguments of subprocess that make a program run as `user`, with the groups of that user; none for ourselves."""
    if user is None:
        return {}
    account = pwd.getpwnam(user)
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": os.getgrouplist(user, account.pw_gid)}


def run(tree: Tree, command: Sequence[str], environment: Mapping[str, str]) -> subprocess.CompletedProcess[bytes]:
    """Run `command` in the tree as its user with nothing but `environment` around it."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        streams: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": out, "stderr": err}
        done = subprocess.run(
            command, cwd=tree.root, env=dict(environment), timeout=120, check=False, **streams, **identity(tree.user)
        )
        out.seek(0)
        err.seek(0)
        return subprocess.CompletedProcess(command, done.returncode, out.read(), err.read())


def surroundings(tree: Tree, tool: str) -> dict[str, str]:
    """The environment of a run, as cron gives it; mails are caught, and the catcher keeps each tool's apart."""
    root = tree.root
    return {
        "PATH": f"{root}/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": str(root / "tmp"),
        "TZ": "UTC",
        "LC_ALL": "C",
        "MAILBOX": str(root / f"mail.{tool}"),
        **{name: tree.fill(value) for name, value in tree.case.environment.items()},
    }


def arguments(tree: Tree, tool: str, conf: str) -> list[str]:
    """logcheck's own options as both tools get them."""
    root = tree.root
    given = [tree.fill(option) for option in tree.case.options]
    words = ["-r", str(root / "rules"), "-L", str(root / "list"), "-D", str(root / "list.d"), "-S", str(root / f"state.{tool}")]
    stdout = [] if tree.case.mail else ["-o"]
    return ["-c", str(root / conf), *words, *stdout, *given]


def observe(tree: Tree, tool: str, command: Sequence[str]) -> Outcome:
    """Run one of the two tools and note what it did; dates in subjects become DATE, so that the minute may change between runs."""
    begun = time.time()
    done = run(tree, command, surroundings(tree, tool))
    minutes = {time.strftime(tree.case.date, time.gmtime(moment)) for moment in (begun, time.time())}
    errors = re.findall(rb"^Error: (.*)$", done.stderr, re.MULTILINE)
    return Outcome(
        status=done.returncode,
        report=done.stdout,
        errors=tuple(error.decode() for error in errors),
        mails=tuple(dateless(mail, minutes) for mail in take_mails(tree.root / f"mail.{tool}")),
        stderr=done.stderr,
    )


def dateless(mail: Mail, minutes: set[str]) -> Mail:
    """The mail with the moment in its subject replaced by DATE; of a mail about an error only the message is kept, as the rest
    (free space, environment) differs from run to run."""
    subject = mail.subject
    for minute in minutes:
        subject = subject.replace(minute, "DATE")
    parts = mail.parts
    if subject.endswith("exiting due to errors"):
        told = re.search(rb"Details:\n((?:.|\n)*?)\n\n", b"".join(part.body for part in parts))
        parts = tuple(replace(part, body=told[1] if told else part.body, encoding="any") for part in parts)
    return replace(mail, subject=subject, parts=parts)


def real_logcheck(tree: Tree) -> Outcome:
    """One run of Debian's logcheck."""
    return observe(tree, "peer", [LOGCHECK, *arguments(tree, "peer", "conf.peer")])


def vigilog_check(tree: Tree) -> Outcome:
    """One run of `vigilog check` with the same words."""
    return observe(tree, "vigilog", check_command(tree, *arguments(tree, "vigilog", "conf")))


def check_command(tree: Tree, *words: str) -> list[str]:
    """`vigilog check` with `words`, and without what this host's own vigilog.toml may say."""
    return [*vigilog_command(), "check", "--config", str(tree.root / "vigilog.toml"), *words]


@cache
def vigilog_command() -> tuple[str, ...]:
    """How to start the Vigilog that is under test, the one whose package the tests import, as the user who runs the tools.

    The interpreter of the tests may lie in a home directory that this user cannot enter; then the system's own one of the same
    version runs the same code with the same libraries.
    """
    source = Path(vigilog.__file__).resolve().parent.parent
    libraries = Path(sysconfig.get_paths()["platlib"])
    said = b""
    for paths in (lambda: (source, libraries), lambda: (copied(source, libraries),)):
        path = ":".join(map(str, paths()))
        for interpreter in (sys.executable, f"/usr/bin/python3.{sys.version_info.minor}"):
            command = ("/usr/bin/env", f"PYTHONPATH={path}", "PYTHONDONTWRITEBYTECODE=1", interpreter)
            words = [*command, "-c", "import vigilog.core, msgspec"]
            tried = subprocess.run(words, capture_output=True, check=False, cwd="/", **identity(someone()))
            if tried.returncode == 0:
                return (*command, "-c", "import sys; from vigilog.cli.main import run; sys.exit(run())")
            said = tried.stderr
    absent(f"user {someone()} can read neither this checkout nor its libraries: {said.decode()}")
    return ()


def copied(source: Path, libraries: Path) -> Path:
    """The package and the libraries that it needs, where every user can read them: a checkout may lie in a closed directory."""
    place = Path(tempfile.mkdtemp(prefix="vigilog-e2e-code-"))
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    place.chmod(0o755)
    shutil.copytree(source / "vigilog", place / "vigilog")
    for name in ("hyperscan", "markdown_it", "mdurl", "msgspec", "pygments", "re2", "rich", "zstandard"):
        if (libraries / name).is_dir():
            shutil.copytree(libraries / name, place / name)
    return place


def need_logcheck() -> None:
    """Skip, loudly, where the real logcheck cannot be run."""
    if not Path(LOGCHECK).exists():
        absent("Debian's logcheck is not installed: apt-get install logcheck logtail")


def encoded(text: Text) -> bytes:
    """A text of a case as the bytes that a tool prints."""
    return text.encode() if isinstance(text, str) else text


def missing_facts(tree: Tree, first: Outcome, last: Outcome) -> list[str]:
    """What the real program should have done for the case to prove its fact, and did not."""
    case = tree.case
    wrong = []
    if first.status != case.status:
        wrong.append(f"status {first.status}, not {case.status}")
    if case.error is not None and tree.fill(case.error) not in first.errors:
        wrong.append(f"errors {first.errors}, not {case.error!r}")
    for outcome, shows, hides in ((first, case.shows, case.hides), (last, case.later_shows, case.later_hides)):
        wrong += [f"does not show {text!r}" for text in shows if encoded(filled(tree, text)) not in outcome.seen]
        wrong += [f"shows {text!r}" for text in hides if encoded(filled(tree, text)) in outcome.seen]
    return wrong


def filled(tree: Tree, text: Text) -> Text:
    """`text` with the tree's name in it."""
    return tree.fill(text) if isinstance(text, str) else text


def steps(case: Case) -> tuple[str, ...]:
    """The scripts before each run of `case`, the first of them empty."""
    again = "".join(
        f"cat 'copy/{name}' >> 'log/{name}'\n"
        for name, text in case.logs.items()
        if text is not None and not name.endswith("/")
    )
    return ("", *(case.then if case.then is not None else (again,)))


def play(tree: Tree, *tools: Callable[[Tree], Outcome]) -> list[tuple[Outcome, ...]]:
    """Every run of the case, each with every tool in turn."""
    shell(tree, "mkdir copy; cp -a log/. copy/ 2>/dev/null || true")
    told = []
    for script in steps(tree.case):
        shell(tree, script)
        told.append(tuple(tool(tree) for tool in tools))
    return told
