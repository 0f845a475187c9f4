"""A fully convolutional network over a backbone, and the labels that it gives."""
