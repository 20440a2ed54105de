list(range(100))  # doctest: +ELLIPSIS
# [0, 1, 2, ..., 98, 99]
print("a  wide\ngap")  # doctest: +NORMALIZE_WHITESPACE
# a wide gap
object()  # doctest: +ELLIPSIS
# <object object at 0x...>
def half(n):
    return n / 2

half(7)
# 3.5
half("seven")
# Traceback (most recent call last):

# TypeError: unsupported operand type(s) for /: 'str' and 'int'
