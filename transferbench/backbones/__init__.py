"""Images to feature maps; can be lifted out whole."""
