import tracemalloc


def peak(work):
    tracemalloc.start()
    work()
    _, highest = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return highest


of_list = peak(lambda: sum([n * n for n in range(10_000)]))
of_generator = peak(lambda: sum(n * n for n in range(10_000)))
print(f"the list needs {of_list} bytes")    # the list needs 391416 bytes
print(of_generator < of_list / 100)         # True
