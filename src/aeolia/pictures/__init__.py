"""Pictures, and pages with players beside them."""
