import multiprocessing
import os


def count_primes(limit, results):
    sieve = bytearray([1]) * limit
    for n in range(2, int(limit ** 0.5) + 1):
        sieve[n * n::n] = bytes(len(range(n * n, limit, n)))
    results.send((sum(sieve) - 2, os.getpid()))


if __name__ == "__main__":
    print(multiprocessing.get_start_method())    # fork

    receiver, sender = multiprocessing.Pipe(duplex=False)
    child = multiprocessing.Process(target=count_primes, args=(10_000, sender))
    child.start()
    primes, pid = receiver.recv()
    child.join()

    print("primes:", primes)                     # 1229
    print(f"counted by process {pid}")           # counted by process 48213
    print(pid == os.getpid())                    # False
    print(child.exitcode)                        # 0
