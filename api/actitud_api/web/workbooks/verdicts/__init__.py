"""The review workbook: the answers that an assessor judges, one a row, with drop-downs for the verdicts."""
