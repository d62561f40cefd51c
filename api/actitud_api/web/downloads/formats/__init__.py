"""Row writers: tables, cubes and graphs as bytes. They know columns and values, and nothing of what these mean."""
