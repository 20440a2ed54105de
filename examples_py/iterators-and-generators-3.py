import random


def running_mean():
    total = count = 0
    mean = None
    while True:
        total += yield mean
        count += 1
        mean = total / count


def report():
    found = yield from [1, 2]
    yield found


def careless():
    yield next(iter([]))


means = running_mean()
print(next(means))          # None
means.send(10)              # 10.0
means.send(20)              # 15.0
list(report())              # [1, 2, None]
# next(careless())          # RuntimeError: generator raised StopIteration

means = running_mean()
next(means)
for _ in range(5_000):
    latest = means.send(random.random())
print(latest)               # 0.4987126501371918
