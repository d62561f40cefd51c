"""The right of reply: what an organisation answers in the hearing, in public, and what a review comes to with it."""
