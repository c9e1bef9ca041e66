"""What a configuration can say about `[fleet]`: counting over many hosts, by Kafka. Durations as in run_settings.py."""

from __future__ import annotations

from vigilog.config.run_settings import Duration
from vigilog.config.table import Count, Table


class Fleet(Table, frozen=True):
    """`[fleet]`: triggers with `scope = "fleet"` are counted over all hosts, and bans are decided for all of them."""

    brokers: tuple[str, ...] = ()
    """Kafka's brokers, as in `[ship]`; empty: those of `[ship]`."""
    events: str = "vigilog-fleet-events"
    """The topic that hosts send what they saw to."""
    alerts: str = "vigilog-fleet-alerts"
    """The topic of alerts over all hosts."""
    decisions: str = "vigilog-fleet-decisions"
    """The compacted topic of bans and of their end."""
    group: str = "vigilog-fleet"
    """The consumer group of all `vigilog fleet run`."""
    partitions: Count = 8
    """Into so many partitions the topic of events is made where it is missing; no more than this many workers have something to
    do."""
    replication: Count = 1
    """On so many brokers each topic is kept, where it is made."""
    grace: Duration = 7200.0
    """An event may be so much older than its arrival at the brokers, and is still counted in its place in time."""
    forget: Duration = 2_592_000.0
    """Keys of triggers without `within` are forgotten when nothing was heard of them for this time."""
    commit_interval: Duration = 0.25
    """How often a worker commits; alerts and decisions can be seen from then on."""
    state: str = ""
    """Where workers keep their copies of what is counted; empty: `fleet` in the directory of `[state]`."""
    metrics_listen: str = ""
    """ADDRESS:PORT of the loopback where Prometheus may fetch a worker's metrics; each further worker of a host takes the next
    port. Empty: nowhere."""
    host: str = ""
    """What this host is called in its events; empty: its own name."""
    follow: bool = False
    """`vigilog run` bans and lets in what the fleet decides, but for who is on this host's own allow list."""
