"""The course itself, not its method: editions, lessons, their exercises and checks, the doctor."""
