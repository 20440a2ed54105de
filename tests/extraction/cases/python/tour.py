#!/usr/bin/env python3
# -*- coding: utf-8 -*-
"""A tour of docstrings.

Run as a script::

    python tour.py

>>> area(2, 3)
6
"""
from __future__ import annotations

__all__ = ["area"]


def area(width, height):
    """The area.

    Parameters
    ----------
    width : int
    height : int

    Examples
    --------
    >>> area(1, 1)
    1
    >>> area("a", 2)
    'aa'

    >>> area(
    ...     2,
    ...     2,
    ... )
    4

    .. code-block:: python

        print(area(3, 3))  # 9

    Note:
        Not a doctest: `>>> x`.
    """
    return width * height


async def later():
    '''Single quotes.

    >>> import asyncio
    >>> asyncio.run(later())
    1
    '''
    return 1


class Box:
    """A box.

    >>> Box(2).side
    2
    """

    def __init__(self, side):
        self.side = side

    @property
    def volume(self):
        u"""The volume.

        >>> Box(2).volume
        8
        """
        return self.side ** 3

    @staticmethod
    def unit(): 
        """One line: >>> Box.unit().side"""
        return Box(1)

    class Inner:
        def f(self):
            """Nested.

            >>> Box.Inner().f() is None
            True
            """


if __name__ == "__main__":
    print(area(4, 5))  # 20
