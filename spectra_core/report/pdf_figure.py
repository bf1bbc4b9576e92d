"""A matplotlib figure drawn with the lines and letters of a PDF page.

reportlab can place pictures but no SVG. This renderer hands matplotlib's paths and texts to
reportlab's canvas, so that figures stay sharp at any size and their words can be searched.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.backend_bases import GraphicsContextBase, RendererBase
from matplotlib.figure import Figure
from matplotlib.path import Path
from matplotlib.transforms import Transform
from reportlab.platypus import Flowable

from ..errors import WriteError
from .pdf_letters import Letters

_POINTS_PER_INCH = 72.0
_CURVE = " ".join(["{:.2f}"] * 6) + " c"


class FigureFlowable(Flowable):  # type: ignore[misc] # reportlab has no types
    """A figure as a piece of a page, `width` points wide."""

    def __init__(self, figure: Figure, width: float, letters: Letters) -> None:
        super().__init__()
        inches = figure.get_size_inches()
        self.figure, self.letters = figure, letters
        self.scale = width / (inches[0] * _POINTS_PER_INCH)
        self.width, self.height = width, float(inches[1] * _POINTS_PER_INCH * self.scale)
        self.hAlign = "LEFT"

    def wrap(self, available_width: float, available_height: float) -> tuple[float, float]:
        """Return the size; a page too low gets a smaller figure."""
        return self.width, self.height

    def draw(self) -> None:
        """Draw the figure with its lower left corner at the origin."""
        dpi = self.figure.dpi
        self.canv.saveState()
        self.canv.scale(self.scale, self.scale)
        try:
            self.figure.set_dpi(_POINTS_PER_INCH)
            size = self.figure.get_size_inches() * _POINTS_PER_INCH
            self.figure.draw(_CanvasRenderer(self.canv, size, self.letters))
        finally:
            self.figure.set_dpi(dpi)
            self.canv.restoreState()


class Scaled(Flowable):  # type: ignore[misc] # reportlab has no types
    """A piece of a page that is drawn smaller than it was laid out."""

    def __init__(self, inside: Any, factor: float, room: tuple[float, float]) -> None:
        super().__init__()
        self.inside, self.factor, self.room = inside, factor, room
        self.hAlign = "LEFT"

    def wrap(self, available_width: float, available_height: float) -> tuple[float, float]:
        """Return the size that it has on the page."""
        wide, high = (side / self.factor for side in self.room)
        size = self.inside.wrapOn(self.canv, wide, high)
        self.width, self.height = (float(side) * self.factor for side in size)
        return self.width, self.height

    def draw(self) -> None:
        """Draw it with its lower left corner at the origin."""
        self.canv.saveState()
        self.canv.scale(self.factor, self.factor)
        self.inside.drawOn(self.canv, 0, 0)
        self.canv.restoreState()


class _CanvasRenderer(RendererBase):
    """matplotlib's drawing calls on a reportlab canvas, in points."""

    def __init__(self, canvas: Any, size: np.ndarray, letters: Letters) -> None:
        super().__init__()
        self.canvas, self.size, self.letters = canvas, size, letters

    def get_canvas_width_height(self) -> tuple[float, float]:
        return float(self.size[0]), float(self.size[1])

    def points_to_pixels(self, points: Any) -> Any:
        return points

    def flipy(self) -> bool:
        return False

    def draw_path(
        self, gc: GraphicsContextBase, path: Path, transform: Transform, rgbFace: Any = None
    ) -> None:
        canvas = self.canvas
        canvas.saveState()
        stroke = self._set_pen(gc, rgbFace)
        drawn = _as_canvas_path(canvas, path, transform)
        canvas.drawPath(drawn, stroke=int(stroke), fill=int(rgbFace is not None))
        canvas.restoreState()

    def draw_markers(
        self,
        gc: GraphicsContextBase,
        marker_path: Path,
        marker_trans: Transform,
        path: Path,
        trans: Transform,
        rgbFace: Any = None,
    ) -> None:
        """Draw one shape at many places: the pen is set once for all of them."""
        canvas = self.canvas
        canvas.saveState()
        stroke = self._set_pen(gc, rgbFace)
        paint = ("B" if stroke else "f") if rgbFace is not None else "S"
        shape = " ".join(_as_canvas_path(canvas, marker_path, marker_trans)._code)
        for points, _ in path.iter_segments(trans, simplify=False):
            place = f"{points[-2]:.2f} {points[-1]:.2f}"
            canvas._code.append(f"q 1 0 0 1 {place} cm {shape} {paint} Q")
        canvas.restoreState()

    def _set_pen(self, gc: GraphicsContextBase, face: Any) -> bool:
        """Set clip, colours and line; return whether there is a line to draw."""
        canvas = self.canvas
        self._clip(gc)
        self._set_colours(gc, face)
        stroke = bool(gc.get_linewidth() > 0 and gc.get_rgb()[3] > 0)
        if stroke:
            canvas.setLineWidth(gc.get_linewidth())
            canvas.setLineCap({"butt": 0, "round": 1, "projecting": 2}[gc.get_capstyle()])
            canvas.setLineJoin({"miter": 0, "round": 1, "bevel": 2}[gc.get_joinstyle()])
            offset, dashes = gc.get_dashes()
            canvas.setDash(list(np.atleast_1d(dashes)) if dashes is not None else [], offset or 0)
        return stroke

    def draw_image(self, gc: GraphicsContextBase, x: float, y: float, im: Any, *args: Any) -> None:
        """Refuse: a figure of a fit is lines and text, and an image would be lost unseen."""
        raise WriteError("a figure with an image in it cannot be put into the PDF.")

    def draw_text(
        self,
        gc: GraphicsContextBase,
        x: float,
        y: float,
        s: str,
        prop: Any,
        angle: float,
        ismath: Any = False,
        mtext: Any = None,
    ) -> None:
        canvas = self.canvas
        canvas.saveState()
        self._set_colours(gc, gc.get_rgb())
        canvas.translate(x, y)
        canvas.rotate(angle)
        face = self.letters.face_of(prop.get_family())
        self.letters.draw(
            canvas, (0.0, 0.0), s.replace(r"\$", "$"), face, prop.get_size_in_points()
        )
        canvas.restoreState()

    def _set_colours(self, gc: GraphicsContextBase, face: Any) -> None:
        forced = gc.get_forced_alpha()
        red, green, blue, alpha = gc.get_rgb()
        self.canvas.setStrokeColorRGB(red, green, blue, gc.get_alpha() if forced else alpha)
        if face is not None:
            rest = face[3] if len(face) > 3 else 1.0
            self.canvas.setFillColorRGB(*face[:3], gc.get_alpha() if forced else rest)

    def _clip(self, gc: GraphicsContextBase) -> None:
        box = gc.get_clip_rectangle()
        if box is None:
            return
        path = self.canvas.beginPath()
        path.rect(*box.bounds)
        self.canvas.clipPath(path, stroke=0, fill=0)


def _as_canvas_path(canvas: Any, path: Path, transform: Transform) -> Any:
    """Return a matplotlib path as one of reportlab's.

    Its operators are written as text: reportlab's own calls format each number by itself,
    which takes longer than everything else on a page with a figure.
    """
    drawn = canvas.beginPath()
    code: list[str] = drawn._code
    here = np.zeros(2)
    for points, kind in path.iter_segments(transform, simplify=False, curves=True):
        if kind == Path.LINETO:
            code.append(f"{points[0]:.2f} {points[1]:.2f} l")
        elif kind == Path.MOVETO:
            code.append(f"{points[0]:.2f} {points[1]:.2f} m")
        elif kind == Path.CURVE4:
            code.append(_CURVE.format(*points))
        elif kind == Path.CURVE3:
            control, end = points[:2], points[2:]
            first, second = here + 2 / 3 * (control - here), end + 2 / 3 * (control - end)
            code.append(_CURVE.format(*first, *second, *end))
        elif kind == Path.CLOSEPOLY:
            code.append("h")
            continue
        here = points[-2:]
    return drawn
