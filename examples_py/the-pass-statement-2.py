for n in range(6):
    if n % 3 == 0:
        pass
    print(n, end=" ")    # 0 1 2 3 4 5
print()

for n in range(6):
    if n % 3 == 0:
        continue
    print(n)             # 1, 2, 4, 5
