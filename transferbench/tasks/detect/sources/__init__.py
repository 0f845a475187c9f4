"""Where pictures and their boxes come from."""
