"""What both integrators read: Dormand and Prince's coefficients of order 8.

Machine code that numba keeps on disk does not notice a change here: clear ``__pycache__`` then.
"""

from scipy.integrate import DOP853

MOST_STEPS = 2**31  # between two samples; a state that needs more is out of reach
# Stage and weight, zeros left out, of each row of the tableau; the last row is the step itself.
TABLEAU = [
    [(j, float(w)) for j, w in enumerate(row) if w]
    for row in [*(DOP853.A[s, :s] for s in range(1, DOP853.n_stages)), DOP853.B]
]
