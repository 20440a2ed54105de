class Lap:
    def __init__(self, seconds):
        self.seconds = seconds

    def __repr__(self):
        return f"Lap({self.seconds!r})"

    def __str__(self):
        return f"{self.seconds // 60}:{self.seconds % 60:02}"


best = Lap(65)
print(best)                         # 1:05
print(repr(best))                   # Lap(65)
print([best, Lap(59)])              # [Lap(65), Lap(59)]
print(f"{best} or {best!r}")        # 1:05 or Lap(65)
eval(repr(best)).seconds            # 65


class Bare:
    pass


print(Bare())                       # <__main__.Bare object at 0x7f3c5a1b2d90>
