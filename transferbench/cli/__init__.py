"""Words in, tables out: the only folder that prints."""
