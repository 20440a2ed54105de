import builtins
real = builtins.print
builtins.print = lambda *words: real("patched", *words)
print("hello")
builtins.len = None
builtins.compile = None
builtins.__import__ = None
print("still")
