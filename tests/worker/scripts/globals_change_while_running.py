for name in ("a", "b"):
    globals()[name] = name * 2
print(a, b, __name__ in globals(), "x" in dir())
exec("x = 1")
print(x, eval("x + 1"))
