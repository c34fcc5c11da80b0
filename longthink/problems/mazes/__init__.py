"""Mazes (dissertation, section 2.2.2)."""
