"""What detections are worth."""
