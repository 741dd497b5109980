"""The campaign: the judge against an independent interpreter, readers against noise, seeds and splits against each other."""
