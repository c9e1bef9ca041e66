"""All cases against Debian's logcheck, in the order of the sheet."""

from __future__ import annotations

from tests.e2e import cases_filter, cases_input, cases_report, cases_rules

CASES = (*cases_rules.CASES, *cases_input.CASES, *cases_filter.CASES, *cases_report.CASES)
