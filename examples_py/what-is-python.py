price = 12
print(type(price).__name__)    # => int
price = "twelve"               # no declaration ties the name to one type
print(type(price).__name__)    # => str

# "12" + 8                     # TypeError: can only concatenate str (not "int") to str
print(int("12") + 8)           # 20
