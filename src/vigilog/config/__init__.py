"""Configuration: our own TOML file and the files administrators already have, read into frozen, typed settings.

What may enter: readers that turn a file into a `Layer`, and what lays layers on each other. Nothing here runs a
program named in a file, and nothing opens a log.
"""
