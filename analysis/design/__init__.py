"""Studies as values: what a study is made of, how it is checked and registered, and what it found."""
