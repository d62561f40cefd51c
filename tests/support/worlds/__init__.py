"""Synthetic worlds: accounts of an invented town hall, the files that platforms hand out of them, and the truth.

The counter is held against them, so nothing here imports it. Names, addresses and numbers are invented: e-mail
addresses are of example.org, towns and people do not exist.

- `model`: what a world is made of.
- `generation`: `make_world(seed)`, the same world for the same seed.
- `truth`: what can be counted of an account, and of it by each format; computed from the world, never from a file.
- `formats`: a writer for each format of each platform, with the headers that were seen in samples (`headers`).
- `writing`: `write_world`, which splits, duplicates and shuffles what is exported.
"""
