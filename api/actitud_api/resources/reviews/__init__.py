"""Reviews: verdicts of assessors on answers, their agreement, samples to check, and flags on unusual values."""
