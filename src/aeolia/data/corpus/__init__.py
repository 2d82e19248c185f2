"""What a folder of recordings holds: layouts, checks, bandwidth, the split, the manifest."""
