"""Per-session memory of messages, written out when something went wrong: inside a program and around one."""
