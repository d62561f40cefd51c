"""Published data as files for other programs: the columns, rows and formats of each download."""
