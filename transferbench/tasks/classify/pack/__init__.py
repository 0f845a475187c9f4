"""Writes labelled pictures as tar shards."""
