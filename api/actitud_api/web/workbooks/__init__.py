"""Workbooks (XLSX) with the questionnaire of a methodology: written for users to fill in, and read after the upload."""
