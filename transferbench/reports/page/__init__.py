"""The page: everything of a comparison in one file that needs nothing else."""
