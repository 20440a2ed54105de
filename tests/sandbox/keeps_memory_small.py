# prints: MemoryError
try:
    bytearray(2 << 30)
except MemoryError:
    print("MemoryError")
