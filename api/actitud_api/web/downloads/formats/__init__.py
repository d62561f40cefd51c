"""Writers of tables, cubes and graphs as bytes; they know columns and values, not their meaning."""
