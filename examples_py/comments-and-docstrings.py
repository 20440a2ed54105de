import inspect


def knots(kmh):
    """Convert kilometres per hour to knots.

    A nautical mile is 1852 metres.
    """
    # This remark leaves no trace in the compiled function.
    return kmh / 1.852


print(knots(100))                             # 53.9957
print(inspect.getdoc(knots))                  # Convert kilometres per hour to knots.
print(repr(knots.__doc__.splitlines()[2]))    # 'A nautical mile is 1852 metres.'
