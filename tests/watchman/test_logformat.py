"""A trigger with a LogFormat: in `vigilog run` and in `vigilog replay`, on an access log, with its fields as key."""

import json

from tests.watchman.facts import alerts_of, lines
from tests.watchman.running import Running, running

TRIGGERS = r"""
[[trigger]]
name = "scanner"
language = "logformat"
pattern = '%h %l %u %t \"%r\" %s %b'
key = ["remote_dns", "response_code"]
count = 3
within = "1m"
actions = ["tell"]

[[trigger]]
name = "agent"
language = "logformat"
pattern = "combined"
key = ["header_user_agent"]
count = 2
actions = ["tell"]

[action.tell]
type = "append"
file = "{directory}/told"
template = "{name} {key}: {raw_command}"
"""
COMMON = '{client} - - [20/Nov/2026:08:30:{second:02} +0000] "GET /{path} HTTP/1.1" {status} -'


def log():
    made = [COMMON.format(client="192.0.2.7", second=second, path='\\"' * second, status=404) for second in range(3)]
    made += [COMMON.format(client=f"192.0.2.{second}", second=second, path="", status=404) for second in range(20, 40)]
    made += [COMMON.format(client="192.0.2.8", second=0, path="", status=status) for status in (200, 301, 404)]
    made += [COMMON.format(client="192.0.2.9", second=0, path="", status=200) + ' "-" "curl/8"'] * 2
    return made


def test_an_access_log_is_counted_by_client_and_status(tmp_path):
    with running(tmp_path, TRIGGERS.replace("{directory}", str(tmp_path))) as daemon:
        for line in log():
            daemon.log(line)
        daemon.until(lambda: len(alerts_of(tmp_path)) >= 2)
        found = [(alert.rule, alert.key, alert.events[-1].fields) for alert in alerts_of(tmp_path)]
        daemon.until(lambda: len(lines(tmp_path / "told")) == 2)
        file = tmp_path / "past"
        file.write_text("".join(f"{line}\n" for line in log()))
        said = daemon.vigilog("replay", "--format", "json", str(file)).stdout.splitlines()
    assert [(rule, key) for rule, key, _ in found] == [("scanner", ("192.0.2.7", "404")), ("agent", ("curl/8",))]
    assert found[0][2]["raw_command"] == 'GET /\\"\\" HTTP/1.1'
    assert set(found[0][2]) == {"remote_dns", "local_time", "raw_command", "response_code"}
    assert lines(tmp_path / "told")[0].endswith('404: GET /\\"\\" HTTP/1.1')
    replayed = [json.loads(line) for line in said]
    assert [(alert["rule"], alert["key"]) for alert in replayed] == [("scanner", ["192.0.2.7", "404"]), ("agent", ["curl/8"])]
    assert replayed[0]["time"] == 1795163402.0


def test_a_mistake_in_a_template_is_told_by_validate(tmp_path):
    text = "[[trigger]]\nname = 'x'\nlanguage = 'logformat'\npattern = '%h %D'\nactions = []\n"
    done = Running(tmp_path, text).vigilog("validate", check=False)
    assert done.returncode != 0
    assert "`%D` in a LogFormat: dir_path to ProFTPD, response_micros to Apache" in done.stdout + done.stderr
