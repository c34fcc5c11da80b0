"""What everything stands on: errors, seeds, files, memory, compiled kernels. It knows nothing of puzzles or nets."""
