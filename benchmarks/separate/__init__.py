"""The separators beside baselines and the ideal mask."""
