"""The door: one module per command, each of which reads its arguments, makes one call and prints.

What may enter: nothing that another room could want. A command module has `HELP`, `arguments(parser)` and `run(options)`.
"""
