import sys
print(type(print), type(sys), type(sys.stdout.write))
