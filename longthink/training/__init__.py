"""Recipes, the training loop, and the folders that runs leave."""
