"""What Vigilog remembers between two runs: one SQLite file and one lock in a directory that nobody else may write.

What may enter: tables, and functions that read and write them within a transaction that the caller opened.
"""
