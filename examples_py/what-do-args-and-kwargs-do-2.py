def middle(low, high, /, *, digits=1):
    return round((low + high) / 2, digits)


print(middle(3, 5))            # (3 + 5) / 2 => 4.0
middle(1, 2, digits=0)         # Returns 2.0
# middle(low=3, high=5)        # TypeError
# middle(3, 5, 2)              # TypeError: middle() takes 2 positional arguments but 3 were given
