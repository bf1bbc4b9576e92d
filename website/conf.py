"""Sphinx's settings for the site; `build.py` gathers the pages it reads."""

from __future__ import annotations

import spectra_core

project = "Doublet"
author = "The Doublet developers"
copyright = author
version = release = spectra_core.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
myst_heading_anchors = 4  # links to chapters, as code hosts make them
myst_enable_extensions = ["attrs_inline"]

html_theme = "furo"
html_title = f"Doublet {version}"
html_static_path = ["static"]
html_css_files = ["doublet.css"]
html_favicon = html_logo = "static/doublet.svg"
html_copy_source = html_show_sourcelink = False
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#1f5fa8", "color-brand-content": "#1f5fa8"},
    "dark_css_variables": {"color-brand-primary": "#7fb2ee", "color-brand-content": "#7fb2ee"},
}

highlight_language = "text"  # commands and their output, unless a block says otherwise
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the docstrings say shapes and units, which types do not
napoleon_use_ivar = True
napoleon_google_docstring = False
