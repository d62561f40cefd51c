"""Jobs as people see them: how far they are, how they ended, and the result for each organisation or row."""
