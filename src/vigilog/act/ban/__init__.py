"""Shutting addresses out: what may be banned, for how long, and the firewalls that do it."""
