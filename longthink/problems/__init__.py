"""A folder for each domain: its problems, their files and pictures, and nets of its own."""
