"""A machine profile as people read it: lines and bars in a terminal, a page with curves."""
