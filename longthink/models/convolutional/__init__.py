"""Nets of convolutions on strings and grids: one block, repeated or not."""
