class Named:
    def __init__(self, *, name, **rest):
        super().__init__(**rest)
        self.name = name


class Priced:
    def __init__(self, *, price, **rest):
        super().__init__(**rest)
        self.price = price


class Book(Named, Priced):
    pass


vars(Book(name="Emma", price=8))        # {'price': 8, 'name': 'Emma'}
# Book(name="Emma", price=8, size=3)    # TypeError
