"""All results as tables, and SQL over them."""
