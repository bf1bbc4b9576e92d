"""How things are drawn: options of the plot, colours, live fits, pictures on the clipboard."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtGui import QGuiApplication

from ..desk import Desk
from ..main_window import MainWindow
from ..preferences import Preferences
from ..theme import theme
from ..views.plot import PlotOptions
from .base import Controller

OPTION_OF_ACTION = {
    "components_shown": "components",
    "kinetic": "kinetic",
    "log_y": "log_y",
    "ticks": "library_ticks",
    "move_only": "move_only",
}
"""Actions that switch an option of the plot, and which."""

_APART = 0.35  # of a waterfall, as a share of the highest spectrum


class Viewing(Controller):
    """Switches what is drawn, and takes over what a user prefers.

    Signals
    -------
    switched()
        Something is drawn in another way.
    """

    switched = Signal()

    def __init__(self, desk: Desk, window: MainWindow) -> None:
        super().__init__(desk)
        self._window = window
        self.options = PlotOptions(residual_range=desk.preferences.residual_range)
        window.plot.set_options(self.options)
        theme().use(desk.preferences.scheme)

    def switched_on(self) -> frozenset[str]:
        """Return the ids of the actions that switch and are on."""
        on = {one for one, option in OPTION_OF_ACTION.items() if getattr(self.options, option)}
        others = {
            "waterfall": self.options.waterfall > 0,
            "live": self.desk.preferences.live_refit,
            "dark": theme().palette.dark,
            "arrange": self._window.is_arranging,
        }
        return frozenset(on | {one for one, is_on in others.items() if is_on})

    def switch(self, action_id: str) -> None:
        """Switch the option of the plot that belongs to an action."""
        option = OPTION_OF_ACTION[action_id]
        self._draw(replace(self.options, **{option: not getattr(self.options, option)}))

    def switch_waterfall(self) -> None:
        """Set the chosen spectra apart, or lay them over each other."""
        self._draw(replace(self.options, waterfall=0.0 if self.options.waterfall else _APART))

    def switch_dark(self) -> None:
        """Change between light and dark."""
        dark = theme().palette.dark
        self.desk.prefer(replace(self.desk.preferences, scheme="light" if dark else "dark"))

    def switch_live(self) -> None:
        """Fit while dragging, or only draw."""
        now = self.desk.preferences
        self.desk.prefer(replace(now, live_refit=not now.live_refit))

    def switch_arranging(self) -> None:
        """Let the panels be moved, or hold them where they are."""
        self._window.arrange(not self._window.is_arranging)
        self.switched.emit()

    def follow(self, preferences: Preferences) -> None:
        """Draw as is preferred."""
        if theme().scheme != preferences.scheme:
            theme().use(preferences.scheme)
            self.desk.refresh()
        if self.options.residual_range != preferences.residual_range:
            self._draw(replace(self.options, residual_range=preferences.residual_range))
        self.switched.emit()

    def copy_picture(self) -> None:
        """Put the plot on the clipboard as a picture."""
        QGuiApplication.clipboard().setImage(self._window.plot.picture())
        self.desk.say("The plot is on the clipboard.")

    def copy_table(self) -> None:
        """Put the component table on the clipboard as text."""
        self._window.table.table.copy()
        self.desk.say("The component table is on the clipboard.")

    def _draw(self, options: PlotOptions) -> None:
        self.options = options
        self._window.plot.set_options(options)
        self.switched.emit()
