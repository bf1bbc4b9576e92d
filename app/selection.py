"""What a user is looking at: spectra in the tree, an analysis, a region of it, a component."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Selection:
    """Ids of what is chosen.

    Attributes
    ----------
    spectra : tuple of str
        Spectrum ids, the main one first; the others are laid over it.
    analysis : str or None
        The analysis shown on the main spectrum.
    region : str or None
        Its region on that spectrum.
    owner : str or None
        The chosen component or doublet of the region, by id.
    """

    spectra: tuple[str, ...] = ()
    analysis: str | None = None
    region: str | None = None
    owner: str | None = None

    @property
    def spectrum(self) -> str | None:
        """Id of the main spectrum."""
        return self.spectra[0] if self.spectra else None
