"""Records to rows: what may stand side by side, and what a reader must know of it."""
