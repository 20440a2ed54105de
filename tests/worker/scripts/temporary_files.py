import tempfile, os
with tempfile.NamedTemporaryFile("w+") as file:
    file.write("x")
    file.seek(0)
    print(file.read())
with open("data.txt", "w") as file:
    file.write("one\n")
print(open("data.txt").read(), os.listdir("."))
