"""What each idea is worth: recipes with one thing changed, trained equally and compared."""
