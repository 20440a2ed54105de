import functools


def tag(name):
    def decorate(function):
        @functools.wraps(function)
        def wrapper():
            return f"<{name}>{function()}</{name}>"
        return wrapper
    return decorate


@tag("p")
@tag("em")
def word():
    return "hi"


print(word())    # <p><em>hi</em></p>


@functools.lru_cache(maxsize=None)
def paths(rows, columns):
    """Count the ways through a grid that only go right and down."""
    if rows == 0 or columns == 0:
        return 1
    return paths(rows - 1, columns) + paths(rows, columns - 1)


paths(10, 10)             # 184756
paths.cache_info()        # CacheInfo(hits=81, misses=120, maxsize=None, currsize=120)
