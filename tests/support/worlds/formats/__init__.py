"""A writer for each format of each platform: a function of a `Delivery`, which returns the files that it wrote."""
