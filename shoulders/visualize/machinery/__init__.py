"""What the experiments stand on: a network opened once, a pass up to a layer and the walk back, what a place sees."""
