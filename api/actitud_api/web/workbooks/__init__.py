"""Workbooks (XLSX) that hold the questionnaire of a methodology: made to be filled in, and read back."""
