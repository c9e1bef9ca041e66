"""What is going on, kept ready for those who look: `vigilog web` and `vigilog top`.

What may enter: reading the store, asking the daemon, and sums over both. Nothing here changes anything.
"""
