"""Doing, and remembering what was done."""
