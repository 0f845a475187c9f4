"""Rows and findings to text: for a terminal, a pipe, a file or a script."""
