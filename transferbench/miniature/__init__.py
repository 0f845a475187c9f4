"""A small world, drawn and written in the true layouts."""
