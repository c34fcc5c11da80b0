"""Files of puzzles of any problem."""
