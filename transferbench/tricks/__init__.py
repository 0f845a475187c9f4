"""The paper's refinements of training, one file each."""
