import copy

menu = {"soup": ["leek", "potato"], "price": 6}
shallow = copy.copy(menu)           # dict(menu) and menu.copy() do the same
deep = copy.deepcopy(menu)

menu["soup"].append("salt")
menu["price"] = 7
print(shallow)    # {'soup': ['leek', 'potato', 'salt'], 'price': 6}
print(deep)       # {'soup': ['leek', 'potato'], 'price': 6}
