"""How fast it is here, against the references."""
