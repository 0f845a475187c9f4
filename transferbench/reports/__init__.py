"""Records to tables, statistics and pictures, without torch."""
