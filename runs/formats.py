"""Formats and languages in which comparisons are written."""

FORMATS = ("csv", "parquet", "xlsx")
LANGUAGES = ("en", "zh")
