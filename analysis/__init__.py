"""What became of it: estimates, edges, studies, claims, figures and the report."""
