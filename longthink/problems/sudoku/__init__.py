"""Sudoku (dissertation, section 6.1)."""
