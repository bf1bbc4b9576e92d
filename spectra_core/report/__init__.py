"""Reports: one document, written in every format with the same numbers.

`build_report` turns a run into a `Report`: sections, tables, figures and notes, with every
number already rounded by the one rule of the program. The renderers (`html`, `pdf`, `docx`,
`xlsx`) only set it; none of them computes or rounds anything. Heavy libraries are imported
when a format is written.
"""

from .build import build_report
from .document import Report
from .formats import REPORT_FORMATS, write_report

__all__ = ["REPORT_FORMATS", "Report", "build_report", "write_report"]
