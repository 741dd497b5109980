"""Solutions of the exercises, and common mistakes that the checks refuse: a file a lesson."""
