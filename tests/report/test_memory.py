"""However large a report is, sorting, storing, printing and mailing it takes little memory."""

import subprocess
import sys

PROGRAM = r"""
import os, resource, sys
from datetime import UTC, datetime
from functools import partial
from vigilog.core.nouns import Heading
from vigilog.report.archive import keep, recall
from vigilog.report.document import Report, Section
from vigilog.report.mail import Delivery, deliver
from vigilog.report.order import make_run
from vigilog.report.renderers import RENDERERS
from vigilog.report.runs import Runs
from vigilog.report.summary import summarize
from vigilog.store.database import open_store, transaction
from vigilog.store.reports import pending

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

order, directory = sys.argv[1:]
before = peak()
heading = Heading("unusual", "")
runs = Runs(order, directory=directory)
tail = b" web1 sshd[%d]: " + b"x" * 400 + b"\n"
for block in range(600):
    # Two logs one after the other that cover the same time: everything has to be merged.
    minute = block % 300
    rows = [b"Nov 20 %02d:%02d:%02d" % (minute // 60, minute % 60, number // 5) + tail % number for number in range(300)]
    runs.add(heading, make_run(b"".join(rows), order))
section = Section(heading, "System Events", (), runs.count(heading), partial(runs.pieces, heading))
connection = open_store(os.path.join(directory, "state"))
with transaction(connection):
    keep(connection, Report("h", datetime.now(UTC), "s", (section,)))
runs.close()
report = recall(connection, pending(connection)[0])
size = 0
def count(data):
    global size
    size += len(data)
RENDERERS["debian"](report, count)
RENDERERS["json"](report, count)
RENDERERS["debian"](Report("h", report.created, "s", (summarize(report.sections[0]),)), count)
deliver(partial(RENDERERS["debian"], report), "s", Delivery(to=("root",), command="true"), report.created)
print(size // 1_000_000, peak() - before)
"""


def test_a_report_of_80_megabytes_takes_less_than_60(tmp_path):
    done = subprocess.run([sys.executable, "-c", PROGRAM, "stamp", str(tmp_path)], capture_output=True, check=True, text=True)
    printed, grown = map(int, done.stdout.split())
    assert printed > 150
    assert grown < 60
