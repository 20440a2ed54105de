print(hash("a"), {"x", "y", "z"})
