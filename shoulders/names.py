"""The names that a person types, known before anything heavy is imported."""

HEADS = ("logistic_regression", "ridge", "nearest_neighbours")
REGIMES = ("feature_extraction", "fine_tuning", "from_scratch", "from_scratch_helped")

PICTURE_ENDINGS = (".jpg", ".jpeg", ".png", ".gif", ".webp", ".bmp", ".tif", ".tiff", ".jp2", ".heic")
"""How names of pictures end. What is one, its content says."""
