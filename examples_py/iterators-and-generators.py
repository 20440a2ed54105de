class Halves:
    """Goes from a number down to 1, halving it each time."""

    def __init__(self, number):
        self.number = number

    def __iter__(self):
        return self

    def __next__(self):
        if self.number < 1:
            raise StopIteration
        self.number, current = self.number // 2, self.number
        return current


def halves(number):
    while number >= 1:
        yield number
        number //= 2


print(list(Halves(20)) == list(halves(20)))    # True
for number in halves(20):
    print(number, end=" ")                     # 20 10 5 2 1
print()

once = halves(20)
iter(once) is once                             # True
next(once)                                     # 20
list(once)                                     # [10, 5, 2, 1] - goes on where it stood
