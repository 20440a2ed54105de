print(type(42), type(int), type(type))
# <class 'int'> <class 'type'> <class 'type'>

Shape = type("Shape", (), {"corners": 0})
Shape.corners                        # 0


class Documented(type):
    def __new__(mcs, name, bases, body):
        if "__doc__" not in body:
            raise TypeError(f"{name} needs a docstring")
        print("making", name)
        return super().__new__(mcs, name, bases, body)


# Prints: making Square
class Square(metaclass=Documented):
    """Four corners."""


type(Square)                         # <class '__main__.Documented'>
# Documented("Circle", (), {})       # TypeError: Circle needs a docstring
