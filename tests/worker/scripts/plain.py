print("hello", 1, [1, 2])
print("no newline", end="")
print()
