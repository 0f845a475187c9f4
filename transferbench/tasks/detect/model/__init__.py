"""Faster R-CNN over a backbone."""
