"""`make fuzz`: everything that reads foreign bytes, driven by coverage; see `targets` for what, `__main__` for how."""
