"""Spreadsheets that people filled in: checked before they are opened, and read cell by cell. Knows no resource."""
