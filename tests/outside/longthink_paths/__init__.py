"""A package of somebody else's: graphs, which longthink knows nothing of. Its entry points name what it adds."""
