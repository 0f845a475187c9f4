"""Plots: each drawn once, as SVG for the page and as PDF and PNG for papers."""
