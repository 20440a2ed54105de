basket = {"apples": 3}
alias = basket                            # a second name, not a second dict
twin = dict(basket)

alias["pears"] = 1
print(basket)                             # {'apples': 3, 'pears': 1}
print(basket is alias, basket is twin)    # True False
print(basket == twin)                     # False - the twin was made before the pears came

1 == 1.0 == True                          # True
{1: "int", 1.0: "float", True: "bool"}    # {1: 'bool'}
