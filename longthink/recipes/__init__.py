"""Recipes, by how much they want: a laptop, or the dissertation's own."""
