"""What an operation did: one family of reports, which print as a line and as JSON."""
