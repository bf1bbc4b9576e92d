"""Broadened lines with fixed shape parameters, tabulated once on their own grid.

The convolution integral of LA, LF or a broadened Doniach-Sunjic line costs some forty
evaluations for each point. In most fits, however, its shape parameters are fixed:
then the line is one function of u, its distance from the centre in its own width, and
the fit only stretches and moves it. That function is represented here by polynomials
over cells in ``s = asinh(2 u)``, which resolves core and tails alike. Cells end where
the line is not smooth: at the centre, where the exponents change, and where the cut
kernel begins and ends to reach it. Cells are halved until the polynomials agree with
the integral at points between the nodes.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from itertools import pairwise
from math import asinh

import numpy as np

from ...curves import convolved
from ...curves.measured import WIDEST, MeasuredShape, diffusion, from_text
from ...curves.profiles import FWHM_PER_SIGMA, Formula, Geometry
from ...spectrum import Array
from .shapes import TABLE_HEADER, TABLE_ORDER

_FAR = asinh(2e6)  # a million widths
_TOLERANCE = 2e-12  # of the maximum
_FINEST = 512  # cells in a unit of s

_FORMULAS: dict[str, tuple[Formula, Callable[..., Geometry], bool]] = {
    "la": (convolved.la, convolved.la_geometry, True),
    "lf": (convolved.lf, convolved.lf_geometry, True),
    "doniach_sunjic_convolved": (
        convolved.doniach_sunjic_convolved,
        convolved.doniach_sunjic_convolved_geometry,
        False,
    ),
}
TABULATED = frozenset(_FORMULAS)


@lru_cache(maxsize=64)
def shape_table(name: str, shape: tuple[float, ...]) -> Array | None:
    """Return the table of a line shape at fixed shape parameters.

    Parameters
    ----------
    name : str
        One of `TABULATED`.
    shape : tuple of float
        Its shape parameters.

    Returns
    -------
    table : ndarray, shape (M,), or None
        Width, norm (area or maximum), the four parts (start, cells per unit, number of
        cells, offset), then for each cell the coefficients of value and slope, highest
        power first. None where the tolerance could not be met.
    """
    formula, geometry, by_area = _FORMULAS[name]
    landmarks = geometry(*shape)
    norm = landmarks.area if by_area and landmarks.area is not None else landmarks.peak
    header = np.zeros(TABLE_HEADER)
    header[:2] = landmarks.width, norm
    blocks, used = [header], TABLE_HEADER
    for part, (start, stop) in enumerate(_parts(shape[-1])):
        cells = _part(formula, shape, start, stop, landmarks.peak)
        if cells is None:
            return None
        n_cells = len(cells)
        header[2 + 4 * part : 6 + 4 * part] = start, n_cells / (stop - start), n_cells, used
        blocks.append(cells.ravel())
        used += cells.size
    table = np.concatenate(blocks)
    table.setflags(write=False)
    return table


def _parts(gauss: float) -> list[tuple[float, float]]:
    sigma, _ = convolved.sigma_of_share(gauss)
    reach = asinh(2.0 * max(convolved.CUT * sigma, 1e-3))
    edges = [-_FAR, -reach, 0.0, reach, _FAR]
    return list(pairwise(edges))


def _part(
    formula: Formula, shape: tuple[float, ...], start: float, stop: float, peak: float
) -> Array | None:
    """Return coefficients (cells, 2, order), or None if the finest cells are not enough."""
    cells_per_unit = 8.0
    while cells_per_unit <= _FINEST:
        n_cells = max(int(np.ceil(cells_per_unit * (stop - start))), 8)
        edges = np.linspace(start, stop, n_cells + 1)
        coefficients = _interpolate(formula, shape, edges)
        if _error(formula, shape, edges, coefficients) <= _TOLERANCE * peak:
            return coefficients
        cells_per_unit *= 2.0
    return None


def _interpolate(formula: Formula, shape: tuple[float, ...], edges: Array) -> Array:
    nodes = np.cos(np.pi * (np.arange(TABLE_ORDER) + 0.5) / TABLE_ORDER)
    to_powers = np.linalg.inv(np.vander(nodes, TABLE_ORDER))
    values = _sample(formula, shape, edges, nodes)  # (2, cells, order)
    return np.ascontiguousarray(np.moveaxis(values @ to_powers.T, 0, 1))


def _sample(formula: Formula, shape: tuple[float, ...], edges: Array, nodes: Array) -> Array:
    middle, half = 0.5 * (edges[1:] + edges[:-1]), 0.5 * np.diff(edges)
    s = middle[:, None] + half[:, None] * nodes
    value, slope, _ = formula(0.5 * np.sinh(s).ravel(), shape)
    return np.stack([value.reshape(s.shape), slope.reshape(s.shape)])


def _error(formula: Formula, shape: tuple[float, ...], edges: Array, coefficients: Array) -> float:
    """Return the largest error of value and slope at the middle and near both ends."""
    probes = np.array([-0.97, 0.05, 0.97])
    exact = _sample(formula, shape, edges, probes)
    found = np.moveaxis(coefficients @ np.vander(probes, TABLE_ORDER).T, 1, 0)
    return float(np.abs(exact - found).max())


# ---------------------------------------------------------------------------------
# Measured spectra: the nodes of their splines over the broadening

_CLOSE = 1e-11  # of the largest node
_NARROWEST_CELL = 1.0 / 64.0  # channels


@lru_cache(maxsize=16)
def measured_table(name: str) -> Array | None:
    """Return the table of a measured shape, or None if the tolerance could not be met.

    Place of the first node from the centre, nodes per unit of x, number of nodes N and of
    cells C, the C + 1 ends of the cells (broadenings), and for each cell and node the
    coefficients of a polynomial over the cell, highest power first.
    """
    shape = from_text(name)
    reach = int(np.ceil(8.0 * WIDEST / FWHM_PER_SIGMA)) + 8
    edges, cells = [0.0], []
    width = 0.5
    while edges[-1] < WIDEST:
        stop = min(edges[-1] + width, WIDEST)
        found = _cell(shape, reach, edges[-1], stop)
        if found is None:
            width *= 0.5
            if width < _NARROWEST_CELL:
                return None
            continue
        edges.append(stop)
        cells.append(found)
        width *= 2.0
    count = cells[0].shape[0]
    first = shape.first - (reach + shape.margin) * shape.step
    header = [first, 1.0 / shape.step, count, len(cells), *(e * shape.step for e in edges)]
    table = np.concatenate([header, *(cell.ravel() for cell in cells)])
    table.setflags(write=False)
    return table


def _cell(shape: MeasuredShape, reach: int, start: float, stop: float) -> Array | None:
    """Return coefficients (nodes, order) over broadenings in channels; None if not exact enough."""
    middle, half = 0.5 * (start + stop), 0.5 * (stop - start)
    nodes = np.cos(np.pi * (np.arange(TABLE_ORDER) + 0.5) / TABLE_ORDER)
    sampled = _sampled_nodes(shape, reach, middle + half * nodes)
    found = np.linalg.solve(np.vander(nodes, TABLE_ORDER), sampled).T
    probes = np.array([-1.0, -0.8, 0.1, 0.9, 1.0])
    exact = _sampled_nodes(shape, reach, middle + half * probes)
    error = np.abs(np.vander(probes, TABLE_ORDER) @ found.T - exact).max()
    return found if error <= _CLOSE * np.abs(sampled).max() else None


def _sampled_nodes(shape: MeasuredShape, reach: int, widths: Array) -> Array:
    """Return the nodes (M, N) at some broadenings in channels."""
    kernels = [diffusion((w / FWHM_PER_SIGMA) ** 2, reach) for w in widths.tolist()]
    return np.array([np.convolve(shape.nodes, kernel) for kernel in kernels])
