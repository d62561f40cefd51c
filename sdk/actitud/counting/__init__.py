"""Count the activity of an administration on social networks, from the export files of the platforms.

Needs no network and no service, but the extra ``pip install "actitud[count]"``. No data leave the computer.
"""
