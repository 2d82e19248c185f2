"""voices.md: what denoisers do to voices unlike those that they mostly learnt from."""
