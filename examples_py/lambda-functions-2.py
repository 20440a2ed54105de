late = [lambda: n for n in range(3)]
print([function() for function in late])     # [2, 2, 2]

early = [lambda n=n: n for n in range(3)]
print([function() for function in early])    # [0, 1, 2]

late[0].__name__                             # '<lambda>'
