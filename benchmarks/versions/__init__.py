"""Two checkouts side by side: do they give the same samples, and what do they cost?"""
