"""Where the solvers stop and what they call small: said once, for both engines.

`solver` (numpy) and `kernels.solver` (compiled) are the same method, so they read the same
numbers. Steps are measured jointly, in standard errors; chi-square relative to itself.
"""

from __future__ import annotations

# --- damping (Levenberg-Marquardt parameter, relative to the column norms) ----------------
FIRST_DAMPING = 1e-3
NEARBY_DAMPING = 1e-7  # of a fit that starts next to its answer
LEAST_DAMPING = 1e-15
POOR_GAIN = 0.25  # of what a step promised: the model of chi-square is wrong there
FELT_DAMPING = 1e-2  # the least after a poor or a refused step: less would change nothing
MOST_DAMPING = 1e16  # beyond, no downhill step exists
FASTEST_RELIEF = 0.1  # factor of the damping after a step that did what it promised
FIRST_GROWTH = 2.0  # factor of the damping after a refused step; doubles each time
UNDAMPED = 1e-14  # what is left of it where the length of a plain step is asked for

# --- curvature that only the last step shows, compiled (see `kernels.equations.learn`) -------
NEAR = 3.0  # standard errors: how short a step has to be to say something of the minimum
ALONG = 0.05  # square of the cosine between it and the step: less is not about that step
LEAST_BEND, MOST_BEND = -0.8, 10.0  # times the curvature of J^T J

# --- rounding -----------------------------------------------------------------------------
SAME = 1e-12  # relative change of chi-square that is only rounding
NOTHING_TO_GAIN = 1e-15  # predicted gain, relative to chi-square
EXACT = 1e-24  # chi-square over that of the data: the model is the data but for rounding
# Derivatives of convolved shapes are numerical, and in a flat valley a gradient is rounded:
# close to the minimum that, not the distance, sets the length of a step, and chi-square
# stands still while steps go back and forth.
STANDSTILL = 10  # short steps without an observable descent
STANDSTILL_STEP = 1e-4  # standard errors; far below anything an error bar can show

# --- priors -------------------------------------------------------------------------------
LEAST_REFERENCE = 1e-3  # a relative tie never refers to less than this part of its other side

# --- noise that is taken from the residuals -----------------------------------------------
LEAST_NOISE = 1e-9  # of the data's root mean square: below, the model is the data

# --- convergence --------------------------------------------------------------------------
FINEST = 1e-7  # standard errors; no answer is looked for more closely, whatever is asked for
LEFT = 1.0  # times what the last two steps say of what is left after them
WIDE = 3.0  # standard errors: a longer way to a start says no more than one of this length
SLACK = 10.0  # how much further than asked the undamped step at the answer may still lead
FIRST_PASS = 1e-2  # standard errors; new weights move the minimum by more
PASSES = 20  # numpy: fits one after the other, each with the weights of the one before
RENEWALS = 60  # compiled: steps, each with new weights

# --- covariance ---------------------------------------------------------------------------
RANK = 1e-11  # singular values below this part of the largest are zero
WELL_CONDITIONED = 1e8  # of J^T J: its inverse is good to eight digits
SOLVABLE = 1e12  # of J^T J: beyond, the numpy engine has a go, which never squares J
