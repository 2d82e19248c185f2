"""Commands of the workshop around training: data, export, evaluation, listening tests."""
