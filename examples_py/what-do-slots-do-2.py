import tracemalloc


class Loose:
    def __init__(self):
        self.x = self.y = None


class Tight:
    __slots__ = ("x", "y")

    def __init__(self):
        self.x = self.y = None


def memory_of(kind):
    tracemalloc.start()
    objects = [kind() for _ in range(5_000)]
    used, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return used


print(memory_of(Tight))                       # 281500
print(memory_of(Tight) < memory_of(Loose))    # True
