"""The text."""
from __future__ import annotations
from __future__ import division
x: undefined = 1
print(__doc__)
