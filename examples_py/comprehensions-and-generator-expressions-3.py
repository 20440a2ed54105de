n = "untouched"
cubes = (n ** 3 for n in range(5))
print(sum(cubes))               # 100
print(sum(cubes))               # 0  - nothing is left of it
print(n)                        # untouched

# (1 / n for n in nowhere)      # NameError: name 'nowhere' is not defined
