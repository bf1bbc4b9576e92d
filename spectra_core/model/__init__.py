"""What is fitted: components, doublets, backgrounds, regions, and the links between them."""

from .build import add_component, add_doublet, make_component, unlock
from .links import add_links, all_links, share, share_shift
from .paths import (
    get_parameter,
    replace_region,
    resolve_component,
    set_enabled,
    set_parameter,
    split_path,
    total_to_major,
)
from .values import (
    BACKGROUND,
    REGION,
    RESERVED,
    Background,
    Component,
    Doublet,
    Link,
    Model,
    Parameter,
    Region,
    Term,
    Unlock,
)

__all__ = [
    "BACKGROUND",
    "REGION",
    "RESERVED",
    "Background",
    "Component",
    "Doublet",
    "Link",
    "Model",
    "Parameter",
    "Region",
    "Term",
    "Unlock",
    "add_component",
    "add_doublet",
    "add_links",
    "all_links",
    "get_parameter",
    "make_component",
    "replace_region",
    "resolve_component",
    "set_enabled",
    "set_parameter",
    "share",
    "share_shift",
    "split_path",
    "total_to_major",
    "unlock",
]
