"""What predicted labels are worth."""
