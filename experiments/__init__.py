"""What runs for minutes to hours, and what it stored: `python -m experiments.NAME` runs a script.

`study` runs lists of tasks, `stored` keeps the results, `contest` holds the methods that several
scripts compare, `convolutions` the networks of one ablation; every other module is one script.
"""
