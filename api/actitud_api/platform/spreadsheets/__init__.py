"""Spreadsheets that people filled in: checked before they are opened, and read cell by cell.

The package depends on no resource of the API.
"""
