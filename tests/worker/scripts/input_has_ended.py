import sys
try:
    input("name? ")
except EOFError as error:
    print(repr(error))
print(repr(sys.stdin.read()), sys.stdin.isatty())
