"""What is published as files of other people's tools: which columns, which rows, which descriptions of them."""
