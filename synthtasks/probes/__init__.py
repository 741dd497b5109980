"""What laws are tried with: mistakes made on purpose, and other processes."""
