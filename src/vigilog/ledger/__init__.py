"""The request ledger: a line before the work, a line after. Writer, reader, checker."""
