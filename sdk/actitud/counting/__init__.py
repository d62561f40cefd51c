"""Count what an administration does on social networks, from the files that the platforms hand out.

Needs no network and no service, but the extra ``pip install "actitud[count]"``. Nothing leaves the computer.
"""
