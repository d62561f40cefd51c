"""The engine: a methodology document and one submission in, a score with its explanation out.

It is pure: it reads no database, file or clock.
"""
