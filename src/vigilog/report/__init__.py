"""Tells people: what was found becomes a sorted, bounded document, and the document becomes text, a screen, JSON or a mail.

What may enter: anything that happens between a verdict and the eyes of a reader. Log text is hostile here: it is bytes
until `visible` made it harmless. Modules that only some runs need (mail, structured, summary, spill) are imported by those.
"""
