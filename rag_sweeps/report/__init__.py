"""Measured configurations -> one self-contained HTML page that opens from disk without network."""

from rag_sweeps.report.data import Failure, ReportData
from rag_sweeps.report.page import write_report

__all__ = ["Failure", "ReportData", "write_report"]
