"""The ground: the nouns that travel between rooms, the seams, errors and the clock.

What may enter: values and signatures that more than one room must agree on. Standard library only, no input or output.
"""
