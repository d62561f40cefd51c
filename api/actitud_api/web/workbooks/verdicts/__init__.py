"""The review workbook: the answers that an assessor judges, one per row, with drop-downs for the verdicts."""
