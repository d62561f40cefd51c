"""The pages, files, pictures and workbooks that people and other sites read."""
