"""Where pictures and their masks come from."""
