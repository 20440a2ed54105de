import sys, io
print(type(sys.stdout), sys.stdout.name, sys.stdout.mode, sys.stdout.isatty(), sys.stdout.fileno())
print(sys.stdout is sys.__stdout__, sys.stderr.fileno(), sys.stdout.newlines, sys.stdout.closed, sys.stdout.writable(), sys.stdout.readable())
print(isinstance(sys.stdout, io.TextIOWrapper), sys.stdout.seekable())
print(sys.stdout.write("four"))
sys.stdout.writelines(["a\n", "b\n"])
sys.stdout.buffer.write(b"bytes\n")
sys.stdout.buffer.write(bytearray(b"array\n"))
sys.stdout.flush()
try:
    sys.stdout.buffer.write("text")
except TypeError as error:
    print(error)
try:
    sys.stdout.read()
except io.UnsupportedOperation as error:
    print("unsupported", error)
