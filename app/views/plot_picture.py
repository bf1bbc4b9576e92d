"""Pictures of the plot: what is on screen, or the figure of a fit as a journal wants it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QPoint, QRect
from PySide6.QtGui import QImage, QImageWriter, QPainter
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QWidget

from spectra_core.errors import WriteError
from spectra_core.results.figures import PRINT_DPI, SUFFIXES, fit_figure, save_figure
from spectra_core.writers.atomic import write_bytes

from ..scene import Scene
from ..theme import colour

_SCREEN_DPI = 96.0


def picture_of(widget: QWidget, scale: float) -> QImage:
    """Return a widget as an image, finer by `scale`."""
    image = QImage(widget.size() * scale, QImage.Format.Format_ARGB32_Premultiplied)
    image.setDevicePixelRatio(scale)
    image.fill(colour("card"))
    painter = QPainter(image)
    widget.render(painter, QPoint())
    painter.end()
    return image


def export_picture(widget: QWidget, scene: Scene | None, path: Path) -> None:
    """Write the figure of a fit, or what a widget shows where there is none, to a file.

    Raises
    ------
    WriteError
        If the suffix is not one of a figure, or the file cannot be written.
    """
    shown = scene.region_fit if scene is not None else None
    if scene is not None and scene.fitted and scene.fit is not None and shown is not None:
        save_figure(fit_figure(shown, scene.fit), path)
        return
    suffix = path.suffix.lower()
    if suffix not in (".png", ".svg"):
        kinds = " or ".join(SUFFIXES if scene is not None and scene.fitted else (".png", ".svg"))
        raise WriteError(
            f'a spectrum without a fit cannot be drawn as "{path.suffix}".',
            hint=f"Use {kinds}.",
            where=str(path),
        )
    write_bytes(_png(widget) if suffix == ".png" else _svg(widget), path)


def _png(widget: QWidget) -> bytes:
    image = picture_of(widget, PRINT_DPI / _SCREEN_DPI)
    dots = round(PRINT_DPI / 0.0254)
    image.setDotsPerMeterX(dots)
    image.setDotsPerMeterY(dots)
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    QImageWriter(buffer, QByteArray(b"png")).write(image)
    return bytes(buffer.data().data())


def _svg(widget: QWidget) -> bytes:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setSize(widget.size())
    generator.setViewBox(QRect(QPoint(), widget.size()))
    painter = QPainter(generator)
    widget.render(painter, QPoint())
    painter.end()
    return bytes(buffer.data().data())
