"""Thresholds over many hosts: what each host saw is counted in one place, and what was decided comes back to all."""
