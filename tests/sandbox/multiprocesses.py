# prints: [1, 4, 9] [1, 4, 9] {'a': 1}
import multiprocessing, sys, operator
def main():
    results = []
    for way in "fork", "forkserver":
        with multiprocessing.get_context(way).Pool(2) as pool:
            results.append(pool.starmap(operator.mul, [(1, 1), (2, 2), (3, 3)]))
    with multiprocessing.Manager() as manager:
        shared = manager.dict(a=1)
        results.append(dict(shared))
    print(*results)
main()
