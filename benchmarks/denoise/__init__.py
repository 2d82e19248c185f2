"""The denoisers beside their peers: quality, failures, fine-tuning."""
