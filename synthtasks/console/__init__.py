"""Standard output: characters that it lacks, and output that ends early."""
