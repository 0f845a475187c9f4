"""Weights in and out: where they come from, what belongs to them, and the proof that they loaded."""
