"""Pattern languages and the scan: text in many languages becomes one kind of tree, trees become databases, databases find hits.

What may enter: what is true of a pattern and a line of bytes alone. Nothing here knows what a match means.

    language text ─► languages ─► syntax tree ─► lines (safe in a block of lines) ─► emit ─► database ─► hits
                                      └────────► emit ─► confirm (decides and extracts on one line)
"""
