import sys

squares = [n * n for n in range(100_000)]
print(sys.getsizeof(squares))    # ~800 kB (the numbers themselves come on top)

lazy = (n * n for n in range(100_000))
print(sys.getsizeof(lazy))       # ~200 bytes
