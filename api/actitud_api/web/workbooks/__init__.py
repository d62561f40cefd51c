"""Workbooks (XLSX) with the questionnaire of a methodology: written to be filled in, and read back."""
