x = 257
y = 257
print(x is y)
a = "some text!"
b = "some text!"
print(a is b)
