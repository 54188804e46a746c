"""The coefficients of Dormand and Prince's method of order 8, as two integrators read them."""

from scipy.integrate import DOP853

# Stage and weight, zeros left out, of each row of the tableau; the last row is the step itself.
TABLEAU = [
    [(j, float(w)) for j, w in enumerate(row) if w]
    for row in [*(DOP853.A[s, :s] for s in range(1, DOP853.n_stages)), DOP853.B]
]
