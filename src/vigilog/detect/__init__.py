"""From lines to what is reported about them: rule files, rule sets, verdicts, and Vigilog's own rules.

What may enter: what a match means. How lines are found and how they are shown is for other rooms.
"""
