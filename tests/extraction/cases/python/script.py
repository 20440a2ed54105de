#!/usr/bin/env python3
"""A script without examples."""

x = 1
print(x)  # 1
