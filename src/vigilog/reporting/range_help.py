"""What `--range help` says."""

RANGE_HELP = """\
    --range "RANGE [for that PERIOD]"

RANGE is one of
    yesterday               86,400 seconds ago; the default
    today
    all
    DATE
    between DATE and DATE   whichever comes first
    since DATE              until now

PERIOD is year, month, day (the default), hour, minute or second: how finely times are compared. `this` and
`those` are as good as `that`.

Examples:
    --range today
    --range "4 hours ago for that hour"
    --range "-3 days"
    --range "since 2 hours ago for those hours"
    --range "between -10 days and -2 days"
    --range "apr 15, 2005"
    --range "first monday in may"
    --range "between 4/23/2005 and 4/30/2005"
    --range "2005/05/03 10:24:17 for that second"
    --range "nov 2026 for that month"

Dates are local time; those without a year are this year's. Any but yesterday, today and all need the extra
`report` (pip install 'vigilog[report]')."""
