"""How the site is made: ``python -m publishing``.

`contents` knows where everything is, `freshness` what is stale, `execute` runs chapters, `site`
writes and checks the pages with the extensions of `sphinx`, `messages` keeps the French
catalogues, `repeatability` and `rehearsal` compare with other builds and other machines, `pdf`
prints. `checkout` asks git, and `addresses` says where repository and site are.
"""

import os
from pathlib import Path

# Claims, models and results are those of this clone, whatever is set for other work.
os.environ["LORENZ_HOME"] = str(Path(__file__).resolve().parents[1])
os.environ.pop("LORENZ_RESULTS", None)
