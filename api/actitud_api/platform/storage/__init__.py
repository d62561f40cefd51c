"""Database sessions, migrations and column types, without knowledge of the resources that use them."""
