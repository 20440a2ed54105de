code = compile("rate = 7\n'''a stray string'''\n", "<example>", "exec")
print("a stray string" in code.co_consts)    # False


def greet(name):
    f"Greets {name}."


print(greet.__doc__)                         # None
