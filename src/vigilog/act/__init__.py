"""Alerts become deeds: scripts, bans, lines in files, mails, requests. Knows neither rules nor logs."""
