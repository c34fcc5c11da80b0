"""The package beside is somebody else's: it is imported in processes of its own."""

collect_ignore_glob = ["longthink_paths/*"]
