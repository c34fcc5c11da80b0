"""Chess puzzles (dissertation, section 2.2.3)."""
