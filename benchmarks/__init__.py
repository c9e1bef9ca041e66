"""How fast Vigilog is, measured beside the program that it replaces, on the same input, in one run:  python -m benchmarks"""
