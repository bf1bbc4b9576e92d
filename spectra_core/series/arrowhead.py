"""Normal equations of a series: one block for each level, and one that all share.

The matrix has the form of an arrowhead: blocks ``A_l`` of what is free at each level on the
diagonal, coupled to their neighbours where something is smooth, borders ``B_l`` to what all
levels share, and ``C``. The blocks are eliminated by a banded Cholesky factor, and what is left
for the shared part is the Schur complement ``C - sum B^T A^-1 B``. Time and memory grow in
proportion to the number of levels.

References
----------
.. [1] B. Triggs et al., Bundle adjustment, a modern synthesis, in Vision Algorithms (2000),
   section 6: sparse second-order methods. doi:10.1007/3-540-44480-7_21
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import LinAlgError, cho_solve, cho_solve_banded, cholesky, cholesky_banded

from ..spectrum import Array


@dataclass(frozen=True, eq=False)
class Arrowhead:
    """Normal equations ``H s = g``.

    Attributes
    ----------
    blocks : ndarray, shape (L, n, n)
    borders : ndarray, shape (L, n, m)
    corner : ndarray, shape (m, m)
    coupling : ndarray, shape (n,)
        What lies between one level's parameter and the same of the next; at most 0.
    gradient : ndarray, shape (L, n)
    corner_gradient : ndarray, shape (m,)
    """

    blocks: Array
    borders: Array
    corner: Array
    coupling: Array
    gradient: Array
    corner_gradient: Array

    def held(self, levels: np.ndarray, shared: np.ndarray) -> Arrowhead:
        """Return the equations with some unknowns kept at zero; shapes (L, n) and (m,)."""
        free, open_ = ~levels, ~shared
        blocks = self.blocks * free[:, :, None] * free[:, None, :]
        diagonal = np.arange(blocks.shape[1])
        blocks[:, diagonal, diagonal] += levels
        corner = self.corner * np.outer(open_, open_) + np.diag(shared.astype(float))
        return Arrowhead(
            blocks,
            self.borders * free[:, :, None] * open_,
            corner,
            self.coupling,
            self.gradient * free,
            self.corner_gradient * open_,
        )

    def damped(self, damping: float) -> Arrowhead:
        """Return the equations with the diagonal raised by a part of itself."""
        blocks, corner = self.blocks.copy(), self.corner.copy()
        n, m = np.arange(blocks.shape[1]), np.arange(corner.shape[0])
        blocks[:, n, n] *= 1.0 + damping
        corner[m, m] *= 1.0 + damping
        return Arrowhead(
            blocks, self.borders, corner, self.coupling, self.gradient, self.corner_gradient
        )


@dataclass(frozen=True, eq=False)
class Factor:
    """An arrowhead, factorised.

    Attributes
    ----------
    borders : ndarray, shape (L, n, m)
        ``A^-1 B``.
    steps : ndarray, shape (L, n)
        ``A^-1 g``.
    schur : ndarray, shape (m, m)
        Lower Cholesky factor of the Schur complement.
    """

    borders: Array
    steps: Array
    schur: Array


def solved(equations: Arrowhead, levels: np.ndarray) -> tuple[Array, Array] | None:
    """Return the steps (L, n) and (m,), or None if the matrix is not positive definite.

    Parameters
    ----------
    equations : Arrowhead
        As `Arrowhead.held` returns it.
    levels : ndarray of bool, shape (L, n)
        What is held: it is not coupled to its neighbours.
    """
    factor = _factorised(equations, levels)
    if factor is None:
        return None
    right = equations.corner_gradient - np.einsum("lnm,ln->m", equations.borders, factor.steps)
    shared = cho_solve((factor.schur, True), right) if right.size else right
    return factor.steps - factor.borders @ shared, shared


def covariances(
    equations: Arrowhead, levels: np.ndarray, shared: np.ndarray
) -> tuple[Array, Array, Array] | None:
    """Return the inverse: of each level (L, n, n), with the shared part (L, n, m), of that (m, m).

    What is held has zero rows. None if the matrix is not positive definite.
    """
    factor = _factorised(equations, levels)
    if factor is None:
        return None
    m = equations.corner.shape[0]
    corner = cho_solve((factor.schur, True), np.eye(m)) if m else np.zeros((0, 0))
    corner[np.ix_(shared, shared)] = 0.0
    with_shared = -factor.borders @ corner
    own = _diagonal_blocks(equations, levels)
    own -= with_shared @ np.swapaxes(factor.borders, 1, 2)
    own[levels] = 0.0
    np.swapaxes(own, 1, 2)[levels] = 0.0
    return own, with_shared, corner


def _factorised(equations: Arrowhead, levels: np.ndarray) -> Factor | None:
    _, n, m = equations.borders.shape
    right = np.concatenate([equations.borders, equations.gradient[:, :, None]], axis=2)
    try:
        found = _eliminated(equations, levels, right) if n else right
        borders, steps = found[:, :, :m], found[:, :, m]
        schur = equations.corner - np.einsum("lni,lnj->ij", equations.borders, borders)
        factor = cholesky(schur, lower=True) if m else schur
    except LinAlgError:
        return None
    return Factor(borders, steps, factor)


def _eliminated(equations: Arrowhead, levels: np.ndarray, right: Array) -> Array:
    """Return ``A^-1`` times some columns (L, n, k)."""
    n_levels, n, k = right.shape
    links = _links(equations, levels)
    if not links.any():
        lower = np.linalg.cholesky(equations.blocks)
        half = np.linalg.solve(lower, right)
        return np.asarray(np.linalg.solve(np.swapaxes(lower, 1, 2), half))
    band = np.zeros((n + 1, n_levels * n))
    for below in range(n):
        diagonal = np.diagonal(equations.blocks, -below, 1, 2)
        band[below].reshape(n_levels, n)[:, : n - below] = diagonal
    band[n, : (n_levels - 1) * n] = links.ravel()
    factor = cholesky_banded(band, lower=True)
    flat = cho_solve_banded((factor, True), right.reshape(n_levels * n, k))
    return np.asarray(flat.reshape(n_levels, n, k))


def _links(equations: Arrowhead, levels: np.ndarray) -> Array:
    """Return what lies between each level and the next (L - 1, n); 0 at what is held."""
    free = ~(levels[:-1] | levels[1:])
    return np.asarray(equations.coupling * free)


def _diagonal_blocks(equations: Arrowhead, levels: np.ndarray) -> Array:
    """Return the blocks (L, n, n) on the diagonal of ``A^-1``."""
    links = _links(equations, levels)
    if not links.any():
        return np.asarray(np.linalg.inv(equations.blocks))
    count = equations.blocks.shape[0]
    down, up = equations.blocks.copy(), equations.blocks.copy()
    for k in range(1, count):
        down[k] -= links[k - 1][:, None] * np.linalg.inv(down[k - 1]) * links[k - 1]
    for k in range(count - 2, -1, -1):
        up[k] -= links[k][:, None] * np.linalg.inv(up[k + 1]) * links[k]
    return np.asarray(np.linalg.inv(down + up - equations.blocks))
