class Drink:
    def describe(self):
        return ["drink"]


class Hot(Drink):
    def describe(self):
        return ["hot"] + super().describe()


class Sweet(Drink):
    def describe(self):
        return ["sweet"] + super().describe()


class Cocoa(Hot, Sweet):
    pass


print(Cocoa().describe())    # ['hot', 'sweet', 'drink']
print(Hot().describe())      # ['hot', 'drink']
print(Cocoa.__mro__)         # (Cocoa, Hot, Sweet, Drink, object)

# class Odd(Drink, Hot): ...  # TypeError: Cannot create a consistent method resolution ...
