"""The configurations with which other programs deliver the same fields of a line to Kafka."""

from __future__ import annotations

from pathlib import Path

RULES = """\
version=2
rule=:%remote_dns:word% %identd_user:word% %user:word% [%local_time:char-to:]%] "%raw_command:char-to:"%" \
%response_code:number{"format":"number"}% %bytes_sent:number{"format":"number"}%
"""
"""For liblognorm, which rsyslog's mmnormalize takes lines apart with."""


def rsyslog(work: Path, log: Path, rules: Path, bootstrap: str, topic: str) -> str:
    """For rsyslog 8.2302: one worker, since several would change the order of lines; batches and queues large enough for it."""
    queue = 'queue.type="LinkedList" queue.size="200000" queue.dequeueBatchSize="4096" queue.workerThreads="1"'
    options = (
        '"compression.codec=lz4", "linger.ms=50", "queue.buffering.max.messages=1000000", "queue.buffering.max.kbytes=1048576"'
    )
    return f"""\
global(workDirectory="{work}" maxMessageSize="64k")
module(load="imfile")
module(load="mmnormalize")
module(load="omkafka")
template(name="json" type="subtree" subtree="$!")
input(type="imfile" file="{log}" tag="log" ruleset="ship" addMetadata="off")
ruleset(name="ship" {queue}) {{
    action(type="mmnormalize" ruleBase="{rules}")
    action(type="omkafka" broker=["{bootstrap}"] topic="{topic}" template="json" confParam=[{options}])
}}
"""


def syslog_ng(log: Path, bootstrap: str, topic: str) -> str:
    """For syslog-ng 3.38."""
    texts = "remote_dns,identd_user,user,local_time,raw_command"
    numbers = "--pair response_code=int(${response_code}) --pair bytes_sent=int(${bytes_sent})"
    columns = '"remote_dns", "identd_user", "user", "local_time", "raw_command", "response_code", "bytes_sent"'
    options = 'compression.codec("lz4") linger.ms("50") queue.buffering.max.messages("1000000")'
    return f"""\
@version: 3.38
options {{ stats-freq(0); }};
source lines {{ file("{log}" flags(no-parse) follow-freq(0.1) log-fetch-limit(10000) log-iw-size(200000)); }};
parser fields {{ csv-parser(columns({columns}) delimiters(" ") quote-pairs('""[]') flags(escape-none)); }};
destination kafka {{
    kafka-c(bootstrap-servers("{bootstrap}") topic("{topic}") config({options}) log-fifo-size(2000000) batch-lines(1000)
        message("$(format-json --key {texts} {numbers})"));
}};
log {{ source(lines); parser(fields); destination(kafka); flags(flow-control); }};
"""
