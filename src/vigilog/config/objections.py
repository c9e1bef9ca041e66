"""What is wrong with a value of the right type that can do harm or mean nothing, in words that say what is expected."""

from __future__ import annotations

TEXT_FOR_PEOPLE = {
    ("check", "host"),
    ("check", "date_format"),
    ("mail", "sender"),
    ("mail", "to"),
    ("action", "to"),
    ("trigger", "description"),
}
PATHS = {
    ("check", "rule_directory"),
    ("check", "local_rules"),
    ("check", "temporary_directory"),
    ("psionic", "hacking"),
    ("psionic", "violations"),
    ("psionic", "violations_ignore"),
    ("psionic", "ignore"),
    ("psionic", "temporary_directory"),
    ("mail", "smtp_password_file"),
    ("state", "directory"),
    ("state", "takeover"),
    ("run", "control"),
    ("run", "metrics_file"),
    ("ban", "command"),
    ("fleet", "state"),
    ("action", "script"),
    ("action", "file"),
    ("ship", "spool"),
    ("ship", "dead_letters"),
    ("web", "certificate"),
    ("web", "key"),
    ("web", "password_file"),
    ("web", "blackbox"),
    ("web", "ledgers"),
}
NEVER_EMPTY = {
    ("check", "rule_directory"),
    ("check", "local_rules"),
    ("state", "directory"),
    ("state", "takeover"),
    ("run", "control"),
}
"""Those of them that mean nothing without a path."""

ANY_TEXT = {
    ("trigger", "pattern"),
    ("trigger", "reset"),
    ("trigger", "follow"),
    ("sample", "line"),
    ("sample", "fields"),
    ("action", "template"),
    ("action", "environment"),
    ("stream", "format"),
    ("kafka", "properties"),
}
"""Where control characters may stand: what is written about hostile lines, and what the administrator alone writes."""

MORE_THAN_NOTHING = {
    ("run", "metrics_interval"),
    ("ban", "time"),
    ("ban", "max_time"),
    ("ban", "check_interval"),
    ("fleet", "forget"),
    ("fleet", "commit_interval"),
    ("action", "time_limit"),
    ("trigger", "ban_time"),
    ("web", "session_time"),
}

LATER = {"run", "ban", "fleet", "trigger", "sample", "action", "ship", "stream", "web"}
"""The tables whose own rules are in `run_objections`: `vigilog check` starts without them."""


def objection(table: str, name: str, part: str | float) -> str:
    """What is expected instead of a text or number under a key of `table` (a word of TABLES), '' where nothing is wrong."""
    if not isinstance(part, str):
        return "more than 0" if (table, name) in MORE_THAN_NOTHING and part == 0 else ""
    if (table, name) in ANY_TEXT:
        if "\0" in part and table != "sample":
            return "no NUL character"
    elif any(character < " " or character == "\x7f" for character in part):
        return "no control characters"
    if (table, name) in TEXT_FOR_PEOPLE or name.endswith("_subject"):
        try:
            part.encode()
        except UnicodeEncodeError:
            return "text in UTF-8"
    if (table, name) in PATHS and not part.startswith("/") and (part or (table, name) in NEVER_EMPTY):
        return "a path from the root, beginning with /"
    match table, name:
        case "check", "sources":
            return log(part)
        case "mail", "to":
            return mail_address(part)
    if table in LATER:
        from vigilog.config.run_objections import SPECIAL  # noqa: PLC0415 - starting must be quick

        special = SPECIAL.get((table, name))
        return special(part) if special else ""
    return ""


def mail_address(text: str) -> str:
    """An address that no mailer takes for an option."""
    return "" if text.strip() and not text.startswith("-") else "a mail address, which is not empty and does not begin with -"


KINDS = frozenset({"file", "journal", "multilog", "blackbox", "ledger"})
"""The words that may stand before a colon and a path."""


def log(text: str) -> str:
    """What can be read by `vigilog check`."""
    kind, colon, _ = text.partition(":/")
    if text in {"journal", "-"} or text.startswith("/") or (colon and kind in KINDS):
        return ""
    if text.startswith("kafka:"):
        from vigilog.config.run_objections import refused  # noqa: PLC0415 - starting must be quick
        from vigilog.watch.kafka_spec import spec  # noqa: PLC0415 - as above

        return refused(spec, text)
    kinds = "journal, journal:DIRECTORY, multilog:DIRECTORY, blackbox:FILE, ledger:FILE, kafka:TOPIC or -"
    return f"a path from the root, beginning with /, or {kinds}"
