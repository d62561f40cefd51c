"""Jobs: work that outlasts the request that asked for it, done step by step by this process or by another."""
