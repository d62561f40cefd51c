"""The engine: a methodology document and one submission in, numbers and their explanation out. Pure."""
