"""The nets of chapter 3, which give a picture one label."""
