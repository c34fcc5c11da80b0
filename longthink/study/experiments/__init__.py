"""The dissertation's tables and figures, and questions of our own: registered functions that take the scale."""
