print(sorted(dir()))
print(list(globals()))
print(__name__, __file__, __spec__, __package__, __doc__)
print(type(__loader__).__name__, __builtins__)
