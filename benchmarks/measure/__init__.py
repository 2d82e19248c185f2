"""Cost, speed, memory and pictures, of any system."""
