"""Claims, written before the run, and the judge that reads them off the facts."""
