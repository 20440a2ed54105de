"""The text."""
print(repr(__doc__))
