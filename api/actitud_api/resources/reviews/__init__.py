"""What assessors find of assessments, how far they agree, which are drawn to be looked at, and what is remarkable."""
