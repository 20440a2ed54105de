# prints: 28
# prints without namespaces: done
try:
    for number in range(10):
        with open(f"big{number}", "wb") as file:
            file.write(bytes(4 << 20))
    print("done")
except OSError as error:
    print(error.errno)
