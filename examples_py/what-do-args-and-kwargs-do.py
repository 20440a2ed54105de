def bill(*prices, discount=0, **labels):
    print(f"{len(prices)} prices, {labels}")
    return sum(prices) - discount


bill(5, 7, discount=1, shop="A")    # prints "2 prices, {'shop': 'A'}" and returns 11

order = [20, 30]
options = {"discount": 5}
print(bill(*order, **options))
# 2 prices, {}
# 45

# bill(5, **options, discount=1)    # TypeError
