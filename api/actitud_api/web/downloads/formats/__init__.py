"""Writers of tables, cubes and RDF graphs. They know columns and values, but not their meaning."""
