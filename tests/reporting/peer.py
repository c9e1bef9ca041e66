"""The real logwatch and `vigilog report` beside each other: same files, same clock, same words."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import absent

CHECKOUT = Path(__file__).resolve().parent.parent.parent
LOGWATCH = Path("/usr/sbin/logwatch")
BASE = Path("/usr/share/logwatch")
NOW = "2026-11-20 08:30:00"
ZONE = "Europe/Berlin"


def libfaketime():
    """The library of Debian's package faketime."""
    found = sorted(Path("/usr/lib").glob("**/faketime/libfaketime.so.1"))
    if not found:
        absent("not installed: faketime")
    return found[0]


@dataclass
class Place:
    """A directory with logwatch's files for both: `etc/conf`, `etc/scripts`, `log`, and `base`, which is the packaged one unless
    a test puts another there. `slim`: none of the packaged services, which take most of the time to read."""

    root: Path
    base: Path = BASE
    slim: bool = False

    def __post_init__(self):
        if not LOGWATCH.exists() or not Path("/usr/share/perl5/Date/Manip.pm").exists():
            absent("not installed: logwatch, libdate-manip-perl")
        for name in ("etc/conf/services", "etc/conf/logfiles", "etc/scripts/services", "etc/scripts/shared", "log", "tmp"):
            (self.root / name).mkdir(parents=True, exist_ok=True)
        if self.slim:
            self.base = self.root / "slim"
            (self.base / "default.conf").mkdir(parents=True)
            for name in ("scripts", "lib", "default.conf/logwatch.conf", "default.conf/html"):
                (self.base / name).symlink_to(BASE / name)
        self.write("etc/conf/logwatch.conf", f'TmpDir = "{self.root}/tmp"\nService =\n')

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def environment(self, now, zone):
        hidden = {"PERL5LIB", "MAILTO"}
        kept = {name: value for name, value in os.environ.items() if name not in hidden}
        fake = {
            "LD_PRELOAD": str(libfaketime()),
            "FAKETIME": now,
            "NO_FAKE_STAT": "1",
            "PERL_HASH_SEED": "0",
            "PERL_PERTURB_KEYS": "0",
        }
        return {**kept, "TZ": zone, "PYTHONPATH": str(CHECKOUT / "src"), **fake}

    def logwatch(self, *arguments, now=NOW, zone=ZONE):
        """What the real one makes of it."""
        text = LOGWATCH.read_text()
        for name, path in (("BaseDir", self.base), ("ConfigDir", self.root / "etc")):
            head, _, tail = text.partition(f"my ${name} = ")
            text = f'{head}my ${name} = "{path}";{tail.partition(";")[2]}'
        script = self.write("logwatch", text)
        return self.run(["/usr/bin/perl", str(script), *arguments], now, zone)

    def vigilog(self, *arguments, now=NOW, zone=ZONE):
        """What Vigilog does."""
        places = ["--logwatch-base", str(self.base), "--logwatch-conf", str(self.root / "etc")]
        command = [sys.executable, "-c", "from vigilog.cli.main import run; run()", "report", *places, *arguments]
        return self.run(command, now, zone)

    def run(self, command, now, zone):
        return subprocess.run(
            command, check=False, capture_output=True, timeout=120, env=self.environment(now, zone), cwd=self.root
        )

    def both(self, *arguments, now=NOW, zone=ZONE):
        """Both; they must agree about the report and the status. Gives the report."""
        theirs = self.logwatch(*arguments, now=now, zone=zone)
        ours = self.vigilog(*arguments, now=now, zone=zone)
        assert ours.stdout.decode(errors="replace") == theirs.stdout.decode(errors="replace"), (ours.stderr, theirs.stderr)
        assert ours.stdout == theirs.stdout
        assert ours.returncode == theirs.returncode
        return ours.stdout
