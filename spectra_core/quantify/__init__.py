"""From areas to atoms and thicknesses: factors, transmission, lengths, fractions, overlayers."""

from .areas import LevelArea, LevelAreas
from .entry import QuantifyEntry
from .factors import Factor, FactorTable, load_factors
from .fractions import AtomicFraction, Quantification, atomic_fractions
from .lengths import Material, attenuation_length, imfp, materials
from .overlayer import Thickness, overlayer_thickness

__all__ = [
    "AtomicFraction",
    "Factor",
    "FactorTable",
    "LevelArea",
    "LevelAreas",
    "Material",
    "Quantification",
    "QuantifyEntry",
    "Thickness",
    "atomic_fractions",
    "attenuation_length",
    "imfp",
    "load_factors",
    "materials",
    "overlayer_thickness",
]
