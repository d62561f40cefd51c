"""Distributions of the answers over all invented municipalities, from measurements where there are any.

No public data has the messages that bodies receive, and no municipality has answered 2027.1 yet. "Measured" means
measured in other public bodies, in the pilot and the sources that the methodology cites; all else is judgement. Each
margin is over all municipalities together: what differs with their size comes from the traits.
"""

from __future__ import annotations

from typing import Final

from actitud_api.demo.chance import Points

POSTS: Final[Points] = ((0, 0.2), (0.1, 0.8), (0.25, 1.8), (0.5, 3), (0.75, 8.2), (0.9, 20), (1, 80))
"""Posts of the main account in a week.

Measured: half of 6,258 pages of US school districts reached three posts in half of the weeks of summer 2020, and
the more active half of 6,656 had a median of 8.2 in autumn 2019; four Spanish state accounts made 38 to 142. The
ends of the others are judgement.
"""

DORMANT: Final[Points] = ((0, 0.42), (0.1, 0.2), (0.3, 0.08), (0.5, 0.03), (1, 0))
"""Probability that an account is dormant; its mean is 0.08.

Measured: 7.4 % of 6,761 pages of US school districts in 2020; 42 % of another list at worst.
"""

OPEN: Final[Points] = ((0, 0), (0.08, 0), (0.2, 0.26), (0.4, 0.75), (0.6, 1), (1, 1))
"""Share of the active accounts where anybody can comment and write. 0.26 and 0.75 are measured, each as a share of
bodies; where they stand is judgement."""

CLOSED: Final = 0.08
"""Share of municipalities with accounts where nobody can write at all: judgement."""

MESSAGES: Final[Points] = ((0, 0.002), (0.25, 0.012), (0.5, 0.035), (0.75, 0.08), (1, 0.25))
"""Messages that need an answer, for each inhabitant in twelve months: judgement, since nobody publishes them."""

ANSWERED: Final[Points] = ((0, 0), (0.1, 0.17), (0.3, 0.38), (0.5, 0.57), (0.7, 0.7), (0.85, 0.85), (1, 1))
"""Share of the messages that are answered within 72 hours.

0.17 and 0.38 are measured (the public sector in 2013, a study of US municipalities); where they stand is judgement.
"""

HOURS: Final[Points] = ((0, 71), (0.2, 48), (0.5, 24), (0.75, 14.5), (0.9, 6), (1, 1))
"""Hours until half of the messages are answered, of those who answer half of them.

Measured: 24 in Dutch municipalities in 2014, 14.5 in the public sector in 2013; where they stand is judgement.
"""

SAMPLED: Final[dict[str, Points]] = {
    # Strict code of four Spanish accounts: .00, .06, .075, .20; US districts .05. Worse than .20: judgement.
    "D2.01": ((0, 0.45), (0.1, 0.3), (0.25, 0.2), (0.5, 0.075), (0.75, 0.05), (1, 0)),
    # Sentences of eight Spanish-speaking and five English-speaking bodies: .60, .81 (3), .87, .90 to .95 (7), .99.
    "D5.05": ((0, 0.6), (0.15, 0.81), (0.4, 0.87), (0.5, 0.92), (0.75, 0.945), (0.9, 0.97), (1, 0.99)),
    # Spanish accounts .03, .09, .30, .37, their own government included; US districts: nine tenths below .24.
    "D5.09": ((0, 0), (0.25, 0.03), (0.5, 0.09), (0.75, 0.17), (0.9, 0.24), (0.97, 0.33), (1, 0.49)),
    # Replies: Guardia Civil .55, UK police .75, health ministry .83. The ends are judgement.
    "D5.10": ((0, 0.2), (0.25, 0.55), (0.5, 0.74), (0.75, 0.83), (1, 0.97)),
    # One in sixteen UK universities has everything accessible. All else is judgement.
    "D7.05": ((0, 0), (0.25, 0.15), (0.5, 0.4), (0.8, 0.75), (0.94, 1), (1, 1)),
    # Posts without a text of their own of 6,258 US districts: p5 .59, p10 .47, p25 .29, p50 .16, p75 .065.
    "D8.02": ((0, 0.8), (0.05, 0.59), (0.1, 0.47), (0.25, 0.29), (0.5, 0.16), (0.75, 0.065), (1, 0)),
    # Spanish accounts .42, .50, .60, .775; US districts .54. Nobody was seen below .40: that tail is judgement.
    "D8.03": ((0, 0.15), (0.1, 0.36), (0.25, 0.42), (0.5, 0.54), (0.75, 0.62), (0.9, 0.775), (1, 0.9)),
}
"""Share of a sample that an indicator counts, from the municipality that does worst to the one that does best."""

CEREMONIAL: Final = 0.5
"""Largest share of ceremonial posts among those neither useful nor self-praising. Judgement, from the difference
between the broad and the strict reading of the pilot: .04 to .48 of all posts."""

SHARES: Final[dict[str, Points]] = {
    "D1.07": ((0, 0), (0.2, 0.5), (0.5, 0.9), (0.7, 1), (1, 1)),
    # A quarter of twelve councils of Navarre have trained anybody.
    "D1.03": ((0, 0), (0.6, 0), (0.8, 0.05), (0.95, 0.2), (1, 0.5)),
    "D1.08": ((0, 0), (0.3, 0.05), (0.6, 0.25), (0.9, 0.7), (1, 1)),
    "D2.02": ((0, 0.1), (0.5, 0.55), (0.9, 0.9), (1, 1)),
    "D3.01": ((0, 0), (0.3, 0), (0.55, 0.5), (0.8, 1), (1, 1)),
    "D3.08": ((0, 0), (0.35, 0), (0.6, 0.5), (0.85, 1), (1, 1)),
    "D4.03": ((0, 0), (0.5, 0), (0.75, 0.5), (0.9, 1), (1, 1)),
    "D4.04": ((0, 0), (0.4, 0), (0.6, 0.35), (0.9, 0.8), (1, 1)),
    "D7.01": ((0, 0.1), (0.5, 0.5), (0.85, 1), (1, 1)),
    "D7.04": ((0, 0), (0.5, 0.25), (0.9, 0.75), (1, 1)),
    # .17, .69 and .90 are shares that other public bodies reached; where they stand is judgement.
    "D9.08": ((0, 0), (0.3, 0.17), (0.75, 0.69), (0.95, 0.9), (1, 1)),
    # Dutch municipalities of every size: from two fifths of the reference upwards. Below them: judgement.
    "D10.10": ((0, 0), (0.3, 0.1), (0.6, 0.4), (0.9, 1), (1, 1.6)),
}
"""Shares that do not come from a sample of posts: judgement, but where a comment says otherwise."""

TRAINING: Final[Points] = ((0, 0), (0.35, 0), (0.6, 8), (0.85, 22), (1, 39))
"""Hours of training and practice for each person in charge: judgement; companies give 31.5 to 35."""

STEPS: Final[dict[str, tuple[float, ...]]] = {
    "D1.06": (0.55, 0.75, 0.9, 0.97),
    # 23.3 % of Catalan councils have to ask somebody outside the team (2012).
    "D2.06": (0.08, 0.233, 0.6, 0.88),
    "D3.09": (0.3, 0.55, 0.78, 0.93),
    "D4.05": (0.35, 0.65, 0.85, 0.95),
    "D4.08": (0.55, 0.75, 0.88, 0.96),
    "D4.09": (0.5, 0.72, 0.88, 0.96),
    "D5.01": (0.5, 0.76, 0.9, 0.96),
    "D5.02": (0.25, 0.55, 0.8, 0.94),
    "D6.01": (0.55, 0.8, 0.92, 0.97),
    "D6.07": (0.3, 0.55, 0.8, 0.94),
    "D7.03": (0.35, 0.65, 0.85, 0.95),
    "D7.08": (0.6,),
    "D8.09": (0.4, 0.65, 0.85, 0.95),
    "D9.06": (0.75,),
    "D9.07": (0.6, 0.8, 0.9, 0.95, 0.98),
    # 22 % of agencies use tools to listen.
    "D9.11": (0.25, 0.78, 0.9, 0.96),
    "D9.12": (0.45, 0.66, 0.85, 0.95),
    # 93.3 % of Catalan councils write with their own staff (2012).
    "D10.07": (0.03, 0.067, 0.65, 0.9),
    "D10.08": (0.25, 0.6, 0.8, 0.93),
}
"""Share of municipalities at most at each step of a ladder, with at most so many of a count, or that say no.

Judgement, but where a comment says otherwise.
"""
