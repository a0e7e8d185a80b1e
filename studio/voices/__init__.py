"""Twenty-eight Spanish words, spoken by free synthesisers: as Spanish has them, through English sounds, and read by English rules."""
