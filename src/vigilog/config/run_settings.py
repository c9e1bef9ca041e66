"""What a configuration can say about `vigilog run`: triggers, actions, bans and the daemon itself.

Durations are seconds; in `vigilog.toml` they are numbers, or texts such as "10m", "1h30m", "7d".
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from vigilog.config.table import Count, Table

Duration = Annotated[float, msgspec.Meta(ge=0)]
Language = Literal["regex", "logformat", "logformat-apache", "logformat-proftpd", "scanf", "ere", "literal"]


class Run(Table, frozen=True):
    """`[run]`: what `vigilog run` watches, and the daemon itself."""

    sources: tuple[str, ...] = ()
    """Where lines come from, as in `[check]`, and besides: `syslog:unix:PATH`, `syslog:udp:ADDRESS:PORT`,
    `syslog:tcp:ADDRESS:PORT`. Empty: this host's system log (the journal, else /var/log/syslog or messages)."""
    recover: tuple[str, ...] = ()
    """Directories of black boxes: blocks of processes that died are written at once. DIRECTORY, or DIRECTORY:FILE with the file
    they go to, which is needed where the processes were another user's."""
    first_match: bool = False
    """A line that one trigger has matched is not shown to the ones after it (the first logtrigger did so)."""
    keys: Count = 100_000
    """How many keys each trigger counts at the same time; beyond that the oldest is dropped, and said."""
    keep_days: Annotated[int, msgspec.Meta(ge=0)] = 30
    """How long alerts and their outcomes are kept, in days."""
    control: str = "/run/vigilog/control"
    """The socket that `vigilog status`, `ban`, `unban`, `bans`, `reload` and `flushlogs` talk to; only its owner may."""
    metrics_listen: str = ""
    """ADDRESS:PORT where Prometheus may fetch metrics; loopback only. Empty: nowhere."""
    metrics_file: str = ""
    """A file that metrics are written to, for the node exporter's textfile collector. Empty: none."""
    metrics_interval: Duration = 15.0
    """How often that file is written."""


class Trigger(Table, frozen=True):
    """`[[trigger]]`: a pattern on log lines, counted; what is done when there were too many. The same table stands in the
    shipped rule files, where it has samples as well."""

    name: str
    """What alerts, logs and LT_name call it."""
    rule: str = ""
    """A shipped rule (`vigilog rules list`): all keys that are not given here are taken from it."""
    description: str = ""
    """One sentence for people."""
    pattern: tuple[str, ...] = ()
    """One or more patterns; any of them counts."""
    language: Language = "regex"
    """regex: Python's, with named groups; logformat: a template of ProFTPD or Apache, whichever knows it; scanf: logtrigger's;
    ere: as grep -E has it; literal: plain text."""
    program: tuple[str, ...] = ()
    """The patterns are about the message of a syslog line of one of these programs, from its first byte; empty: about the
    whole line."""
    fields: tuple[str, ...] = ()
    """Names of what the pattern takes out of the line, in its order, where the pattern does not name them itself; `-` stands
    for what is not kept."""
    key: tuple[str, ...] = ()
    """The fields that are counted together; empty: all of them."""
    count: Count = 1
    """So many events of one key raise an alert."""
    within: Duration = 0.0
    """All within this time, the newest minus the oldest, both included; 0: whenever."""
    after: Literal["keep-firing", "count-anew", "once"] = "keep-firing"
    """What the next event does after an alert: another alert if there are still enough; or it is the first of a new count; or
    (once) nothing, until there was none of the key for as long as `within`."""
    scope: Literal["host", "fleet"] = "host"
    """host: counted here; fleet: shipped to Kafka and counted by `vigilog fleet run`, over all hosts."""
    reset: tuple[str, ...] = ()
    """Patterns (of the same language and program) whose fields name a key that is forgotten: a good login, for example."""
    follow: tuple[str, ...] = ()
    """Patterns of lines that say nothing of the key and belong to a process that had an event before (the same host, program
    and number, within ten minutes): each is one more event of its key."""
    kind: str = "attack"
    """The class of its events."""
    sources: tuple[str, ...] = ()
    """Only lines of these sources of `[run]`, written as there; empty: of all."""
    actions: tuple[str, ...] = ()
    """The names of actions, as `[action.NAME]` has them."""
    enabled: bool = True
    """false: as if it were not there."""
    ports: tuple[str, ...] = ()
    """Bans are for these ports only, such as "tcp/22", "udp/5060" or "tcp/6000-6010" (up to 32); empty: for all."""
    ban_time: Duration | None = None
    """How long the first ban is; not given: what `[ban]` says."""


class Sample(Table, frozen=True):
    """`[[trigger.sample]]`: a line, and what the trigger makes of it."""

    line: str
    """The line."""
    fields: dict[str, str] | None = None
    """What the trigger takes out of it; not given: it must not match."""
    reset: bool = False
    """The line matches `reset`, not `pattern`."""
    follow: bool = False
    """The line matches `follow`, not `pattern`: `fields` are those that it has itself."""


class Action(Table, frozen=True):
    """`[action.NAME]`: something that is done about an alert. Each key but `type` says to which types it belongs."""

    type: Literal["script", "ban", "append", "mail", "webhook", "null"]
    """What kind of action it is."""
    script: str = ""
    """script: the program, from the root."""
    time_limit: Duration = 60.0
    """script, webhook: after this time it is ended."""
    parallel: Count = 4
    """script: how many run at the same time."""
    queue: Count = 1000
    """script: how many may wait; what comes beyond that is refused, and said."""
    environment: dict[str, str] = msgspec.field(default_factory=dict)
    """script: more variables."""
    file: str = ""
    """append: the file, from the root."""
    template: str = ""
    """append, mail's subject: text with {name}, {time}, {key}, {message}, {FIELD}, {action}, {done}, {reason}."""
    on: Literal["alert", "outcome"] = "alert"
    """append: a line for an alert, or for the outcome of each other action of the trigger."""
    to: tuple[str, ...] = ()
    """mail: addresses; empty: those of `[mail]`."""
    digest: Duration = 60.0
    """mail: after a mail, what comes within this time is one mail."""
    url: str = ""
    """webhook: where the JSON is posted."""
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    """webhook: more headers."""
    retries: Annotated[int, msgspec.Meta(ge=0)] = 5
    """webhook: how often it is tried again, at growing distances."""


class Ban(Table, frozen=True):
    """`[ban]`: who is shut out, how, for how long, and who never is."""

    backend: Literal["nftables", "ipset", "iptables", "command"] = "nftables"
    """What shuts out: nftables; ipset with iptables; iptables alone; a program of yours."""
    command: str = ""
    """command: a program called as COMMAND ban|unban|flush [ADDRESS [SECONDS]], without a shell."""
    time: Duration = 600.0
    """How long the first ban of an address is."""
    factor: Annotated[float, msgspec.Meta(ge=1)] = 2.0
    """Each further ban is longer by this factor ..."""
    max_time: Duration = 604_800.0
    """... up to this."""
    memory: Duration = 2_592_000.0
    """An address that was not banned for this time begins anew."""
    ipv6_prefix: Annotated[int, msgspec.Meta(ge=32, le=128)] = 64
    """An IPv6 address is banned with its whole network of this size."""
    allow: tuple[str, ...] = ()
    """Never banned: addresses, networks, host names (looked up at start), and files of them (paths from the root)."""
    forward: bool = True
    """What this host forwards is dropped, too."""
    check_interval: Duration = 300.0
    """How often the kernel's set is compared with what should be in it, besides when somebody changes the rules."""
