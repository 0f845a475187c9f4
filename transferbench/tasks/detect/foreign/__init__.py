"""Detections that other tools have saved."""
