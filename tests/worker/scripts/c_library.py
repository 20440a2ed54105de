import ctypes
library = ctypes.CDLL(None)
print("one")
library.puts(b"two")
library.fflush(None)
print("three")
library.puts(b"at the end")
