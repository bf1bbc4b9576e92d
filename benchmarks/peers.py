"""Today's usual programs, made to do the same work as Doublet: lmfit, Fityk, plain loops.

Each peer gets the very same data, weights, model and start values. lmfit is built as
XPS programs build it: a CompositeModel of VoigtModels tied by expressions. Its step
follows the model's own peaks, as ours does, so both minimise the same chi-square.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from spectra_core.fitting import evaluate
from spectra_core.model import Background, Model, Parameter, Region, add_doublet, add_links, share
from spectra_core.spectrum import Array, Axis, Spectrum, make_spectrum, replace_fields

X = np.linspace(158.0, 172.0, 281)
SPLITTING = 1.18
FWHM_PER_SIGMA = 2.0 * np.sqrt(2.0 * np.log(2.0))
NAMES = "ABC"
TRUE = {"A": (161.85, 4000.0, 0.30), "B": (163.25, 2500.0, 0.36), "C": (168.3, 1800.0, 0.50)}
START = {"A": (161.7, 3000.0, 0.45), "B": (163.4, 3000.0, 0.45), "C": (168.1, 1200.0, 0.45)}
TRUE_GAMMA, START_GAMMA = 0.17, 0.10


def s2p_model(n_doublets: int, *, truth: bool = False, background: str = "shirley") -> Model:
    """Return S 2p doublets of Voigt lines that share one Lorentzian width."""
    values = TRUE if truth else START
    gamma = TRUE_GAMMA if truth else START_GAMMA
    level = Parameter(600.0 if truth else 500.0)
    settings = {"level": level}
    if background == "shirley":
        settings["step"] = Parameter(0.08 if truth else 0.04)
    region = Region("S 2p", (158.0, 172.0), Background(background, parameters=settings))
    for name in NAMES[:n_doublets]:
        center, area, sigma = values[name]
        region = add_doublet(
            region,
            name,
            "S 2p",
            "voigt_two_widths",
            splitting=SPLITTING,
            center=center,
            area=1.5 * area,
            fwhm_gauss=Parameter(FWHM_PER_SIGMA * sigma, 0.05, 5.0),
            fwhm_lorentz=Parameter(2.0 * gamma, 0.0, 3.0),
        )
    widths = [f"S 2p/{name}/fwhm_lorentz" for name in NAMES[:n_doublets]]
    return add_links(Model((region,)), share(widths))


def s2p_curve(n_doublets: int, *, background: str = "shirley") -> Array:
    """Return the noise-free synthetic counts of the true model."""
    flat = make_spectrum(X, np.ones(X.size), Axis.BINDING_ENERGY, y_unit="counts")
    model = s2p_model(n_doublets, truth=True, background=background)
    return evaluate(flat, model).regions[0].envelope


def s2p_spectrum(n_doublets: int, seed: int = 0, *, background: str = "shirley") -> Spectrum:
    """Return synthetic Poisson counts with given weights 1 / sqrt(y)."""
    curve = s2p_curve(n_doublets, background=background)
    y = np.random.default_rng(seed).poisson(curve).astype(float)
    spectrum = make_spectrum(X, y, Axis.BINDING_ENERGY, y_unit="counts")
    return replace_fields(spectrum, sigma=np.sqrt(np.maximum(y, 1.0)))


# --- lmfit ------------------------------------------------------------------------------


def lmfit_s2p(n_doublets: int) -> tuple[Any, Any]:
    """Return lmfit's CompositeModel and Parameters of the same model and start."""
    from lmfit import Model as LmfitModel
    from lmfit.model import CompositeModel
    from lmfit.models import VoigtModel

    peaks = None
    for name in NAMES[:n_doublets]:
        for line in "ab":
            voigt = VoigtModel(prefix=f"{name}{line}_")
            peaks = voigt if peaks is None else peaks + voigt
    model = CompositeModel(peaks, LmfitModel(_step_and_level, prefix="bg_"), _with_step)
    parameters = model.make_params()
    parameters["bg_step"].set(0.04, min=0.0)
    parameters["bg_level"].set(500.0)
    for name in NAMES[:n_doublets]:
        _tie_doublet(parameters, name, *START[name])
    parameters["Aa_gamma"].set(START_GAMMA, min=0.0, max=1.5, vary=True, expr="")
    return model, parameters


def _tie_doublet(parameters: Any, name: str, center: float, area: float, sigma: float) -> None:
    low, high = 0.05 / FWHM_PER_SIGMA, 5.0 / FWHM_PER_SIGMA
    parameters[f"{name}a_amplitude"].set(area, min=0.0)
    parameters[f"{name}a_center"].set(center)
    parameters[f"{name}a_sigma"].set(sigma, min=low, max=high)
    parameters[f"{name}a_gamma"].set(expr="Aa_gamma" if name != "A" else "")
    parameters[f"{name}b_amplitude"].set(expr=f"0.5 * {name}a_amplitude")
    parameters[f"{name}b_center"].set(expr=f"{name}a_center + {SPLITTING}")
    parameters[f"{name}b_sigma"].set(expr=f"{name}a_sigma")
    parameters[f"{name}b_gamma"].set(expr="Aa_gamma")


def _step_and_level(x: Array, step: float, level: float) -> Array:
    return np.array([step, level])


def _with_step(peaks: Array, background: Array) -> Array:
    areas = 0.5 * (peaks[1:] + peaks[:-1]) * np.diff(X)
    passed = np.concatenate([[0.0], np.cumsum(areas)])
    return np.asarray(peaks + background[1] + background[0] * passed)


# --- Fityk ------------------------------------------------------------------------------

_FITYK = """
F:execute("@0 < '{data}:1:2:3:'")
F:execute("set verbosity = -1")
F:execute("set fitting_method = {method}")
local function start()
{start}
end
start()
{functions}
F:execute("F = {sum}")
local total = 0
for i = 1, {repeats} do
  start()
  local t = os.clock()
  F:execute("fit")
  total = total + os.clock() - t
end
print("seconds", total / {repeats})
for _, name in ipairs({{{names}}}) do
  print(name, string.format("%.15g", F:calculate_expr("$" .. name)))
end
"""


def fityk_is_there() -> bool:
    """Return whether Fityk's command line program is installed."""
    return shutil.which("cfityk") is not None


def fityk_s2p(y: Array, sigma: Array, method: str, repeats: int = 30) -> dict[str, float]:
    """Return the seconds of one Fityk fit of three doublets on a constant, and its values.

    Keys: ``seconds``, then ``c``, ``w`` (sigma root 2) and ``h`` (height) of each doublet,
    ``g`` (Lorentzian half width) and ``k`` (the constant).
    """
    start, functions, terms, names = [], [], [], ["g", "k"]
    start += [f"$g = ~{START_GAMMA}", "$k = ~500"]
    for name in NAMES:
        center, area, s = START[name]
        height = area / (s * np.sqrt(2.0 * np.pi)) * 0.8
        start += [f"$h{name} = ~{height}", f"$c{name} = ~{center}", f"$w{name} = ~{s * 2**0.5}"]
        names += [f"h{name}", f"c{name}", f"w{name}"]
        for line, times, shift in (("a", 1.0, 0.0), ("b", 0.5, SPLITTING)):
            functions.append(
                f"%{name}{line} = Voigt({times}*$h{name}, $c{name}+{shift}, $w{name}, $g/$w{name})"
            )
            terms.append(f"%{name}{line}")
    functions.append("%k = Constant($k)")
    return fityk_numbers(
        (X, y, sigma),
        _FITYK,
        method=method,
        repeats=repeats,
        start="\n".join(f'F:execute("{line}")' for line in start),
        functions="\n".join(f'F:execute("{line}")' for line in functions),
        sum=" + ".join([*terms, "%k"]),
        names=", ".join(f'"{name}"' for name in names),
    )


def fityk_numbers(
    columns: tuple[Array, Array, Array], script: str, **words: object
) -> dict[str, float]:
    """Run a script of Fityk on x, y and sigma, and return the numbers that it prints.

    `words` and the file of the data stand for what is in braces in the script.
    """
    with tempfile.TemporaryDirectory() as folder:
        data, file = Path(folder) / "data.xy", Path(folder) / "fit.lua"
        np.savetxt(data, np.column_stack(columns))
        file.write_text(script.format(data=data, **words))
        done = subprocess.run(["cfityk", "-n", str(file)], capture_output=True, text=True)
    found = re.findall(r"^(\w+)\s+([-+.\deE]+)$", done.stdout, flags=re.M)
    if not found:
        raise RuntimeError(f"Fityk gave no answer: {done.stdout[-300:]} {done.stderr[-300:]}")
    return {name: float(value) for name, value in found}


# --- loops ------------------------------------------------------------------------------


def shirley_loop(x: Array, y: Array, low: float, high: float, tolerance: float) -> Array:
    """Return the iterated Shirley background, one integral for each point and pass."""
    background = np.full(y.size, low)
    while True:
        signal = y - background
        whole = np.trapezoid(signal, x)
        new = background.copy()
        for i in range(y.size):
            new[i] = low + (high - low) * np.trapezoid(signal[: i + 1], x[: i + 1]) / whole
        change = np.abs(new - background).max()
        background = new
        if change <= tolerance * abs(high - low):
            return background


def tougaard_loop(x: Array, y: Array, b: float, c: float) -> Array:
    """Return the two-parameter loss integral of `y`, a row of losses for each point."""
    widths = np.gradient(x)
    widths[0] *= 0.5
    tail = np.zeros(y.size)
    for i in range(y.size):
        loss = x[i] - x[:i]
        tail[i] = b * np.sum(loss / (c + loss**2) ** 2 * y[:i] * widths[:i])
    return tail
