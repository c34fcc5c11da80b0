"""Prefix sums (dissertation, section 2.2.1)."""
