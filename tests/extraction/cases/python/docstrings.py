"""A module.

>>> double(2)
4
"""

import math


def double(x):
    r"""Doubles.

    >>> double(1)
    2

    >>> print("a\nb")
    a
    b

    Words, and then::

        double(3)
        print(double(4))
    """
    return x * 2


class Circle:
    """No examples here."""

    def area(self):
        """Returns the area.

        Examples:
            >>> c = Circle()
            >>> c.area()
            3.14...
        """
        return math.pi

    def fenced(self):
        """Markdown.

        ```python
        print(Circle().area())
        ```
        """

    def string(self):
        x = """
        >>> not_a_docstring
        """
        return x
