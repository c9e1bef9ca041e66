"""What all logs, and Vigilog itself, say about one subject: an address, a network, a user, a session, a pattern."""
