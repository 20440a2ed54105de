import sys

gil_enabled = getattr(sys, "_is_gil_enabled", lambda: True)
print(gil_enabled())    # True
