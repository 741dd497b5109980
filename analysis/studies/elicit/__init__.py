"""Studies of how what a base has is elicited, decided upon and deployed."""
