"""Looks at every picture of a data set, and tells what is broken or odd."""
