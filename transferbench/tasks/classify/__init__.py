"""ImageNet-style classification: the task that pretraining is."""
