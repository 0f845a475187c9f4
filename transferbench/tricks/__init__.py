"""The refinements of training, one file each: the paper's, and those that came after it."""
