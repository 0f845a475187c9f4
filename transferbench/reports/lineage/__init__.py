"""Where the scores of a run come from, and what two runs differ in."""
