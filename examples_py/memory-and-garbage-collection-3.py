import gc


class Knot:
    def __init__(self):
        self.me = self


def tangle(number):
    for _ in range(number):
        Knot()


tangle(5_000)
print(gc.collect())    # 1337
