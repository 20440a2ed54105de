from itertools import count, islice


def collatz(n):
    while n != 1:
        yield n
        n = n // 2 if n % 2 == 0 else 3 * n + 1
    yield 1


print(*collatz(6))                                         # 6 3 10 5 16 8 4 2 1
print(list(collatz(27)))                                   # [27, 82, 41, ..., 4, 2, 1]

odd_squares = (n * n for n in count(1, 2))
print(list(islice(odd_squares, 4)))                        # → [1, 9, 25, 49]

primes = [n for n in range(2, 100) if all(n % d for d in range(2, n))]
print(f"{len(primes)} primes up to {primes[-1]}")          # prints 25 and 97, the last of them
