"""Published data as files for other tools: their columns, rows and descriptions."""
