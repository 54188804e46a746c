"""What runs for minutes to hours, and what it stored: `python -m experiments.NAME` runs a script.

`study` runs lists of tasks, `stored` keeps the results, `contest` holds the methods that several
scripts compare; every other module is one script.
"""
