print(...)         # Ellipsis
... is Ellipsis    # True
