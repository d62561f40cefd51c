"""Jobs: work that takes longer than a request, done step by step by this process or by another."""
