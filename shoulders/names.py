"""The names that a person types, known before anything heavy is imported."""

HEADS = ("logistic_regression", "ridge", "nearest_neighbours")
REGIMES = ("feature_extraction", "fine_tuning", "from_scratch", "from_scratch_helped")
