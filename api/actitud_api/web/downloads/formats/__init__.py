"""Writers of tables, cubes and graphs. They know columns and values, but not their meaning."""
