"""What a picture set is made of: cards of those that are known, parts, classes, masks, groups, and a split."""
