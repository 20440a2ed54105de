import functools


def logged(function):
    @functools.wraps(function)
    def wrapper(*args):
        result = function(*args)
        print(f"{function.__name__}{args} returned {result}")    # area(3, 4) returned 12
        return result
    return wrapper


@logged
def area(width, height):
    return width * height


area(3, 4)                 # 12
area.__name__              # 'area'
area.__wrapped__(5, 6)     # 30
