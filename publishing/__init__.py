"""How the site is made: ``python -m publishing``.

`contents` knows where everything is, `freshness` what is stale, `execute` runs chapters, `site`
writes and checks the pages with the extensions of `sphinx`, `messages` keeps the French
catalogues, `repeatability` and `rehearsal` compare with other builds and other machines, `pdf`
prints.
"""
