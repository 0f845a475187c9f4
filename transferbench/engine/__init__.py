"""Training, whatever the task."""
