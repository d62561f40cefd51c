"""Sessions, migrations and column types: how the service keeps things, without knowing what it keeps."""
