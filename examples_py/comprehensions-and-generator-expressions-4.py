codes = {"tea": 11, "coffee": 12, "cocoa": 13}
print({number: drink for drink, number in codes.items()})
#> {11: 'tea', 12: 'coffee', 13: 'cocoa'}
print({drink[0] for drink in codes})    # {'t', 'c'}

herbs = {"basil", "chives", "dill", "fennel", "lovage", "mint", "sage", "thyme"}
print(list(herbs))
# ['mint', 'dill', 'thyme', 'basil', 'sage', 'lovage', 'chives', 'fennel']
