"""Image classification (dissertation, chapter 3)."""
