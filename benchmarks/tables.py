"""The benchmarks by their names, in the order of the page, and the table of one."""

from __future__ import annotations

from benchmarks import (
    against_fail2ban,
    against_logcheck,
    around,
    bans,
    blackbox,
    capture,
    ceiling,
    fleet,
    idle,
    investigate,
    jobs,
    ledger,
    ledger_check,
    logformat,
    memory,
    page,
    place,
    report_dnscache,
    report_services,
    ship,
    start,
    triggers,
    web,
)

BENCHMARKS = {
    "logcheck": against_logcheck.BENCHMARK,
    "ceiling": ceiling.BENCHMARK,
    "jobs": jobs.BENCHMARK,
    "start": start.BENCHMARK,
    "memory": memory.BENCHMARK,
    "fail2ban": against_fail2ban.BENCHMARK,
    "bans": bans.BENCHMARK,
    "triggers": triggers.BENCHMARK,
    "idle": idle.BENCHMARK,
    "blackbox": blackbox.BENCHMARK,
    "capture": capture.BENCHMARK,
    "around": around.BENCHMARK,
    "ledger": ledger.BENCHMARK,
    "ledger-check": ledger_check.BENCHMARK,
    "logformat": logformat.BENCHMARK,
    "ship": ship.BENCHMARK,
    "fleet": fleet.BENCHMARK,
    "investigate": investigate.BENCHMARK,
    "web": web.BENCHMARK,
    "dnscache": report_dnscache.BENCHMARK,
    "services": report_services.BENCHMARK,
}


def table(name: str, scale: int) -> str:
    """Runs a benchmark, its sizes divided by `scale`; gives its section of the page."""
    benchmark = BENCHMARKS[name]
    return page.section(benchmark, list(benchmark.figures(place.place(scale))))
