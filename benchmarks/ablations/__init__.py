"""What each idea is worth: variants trained for equal time and compared."""
