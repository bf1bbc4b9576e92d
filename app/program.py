"""The program: document, jobs, controllers and window put together.

It is the one place that knows both sides: the views' intents are connected to the controllers
here, and every action of `actions` runs a method of this class or of a controller.
"""

from __future__ import annotations

import logging

_LOG = logging.getLogger(__name__)
_NUDGE, _FINE_NUDGE = 0.05, 0.005  # eV or, times 20, cm-1
