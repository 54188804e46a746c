"""Tools of the book *Learning Lorenz*: simulate, identify, generate and judge Lorenz-63 series.

Each module is imported by its own name, for example ``from lorenz_utils import system``;
nothing is re-exported here, so that a chapter pays only for what it uses.
"""
