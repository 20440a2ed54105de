print("a")
if True:
	print("b")
print("""x
y""".encode())
