import sys


class Reading:
    __slots__ = ("value", "unit")

    def __init__(self, value, unit="°C"):
        self.value, self.unit = value, unit


noon = Reading(21.5)
print(sys.getsizeof(noon))          # 48
print(hasattr(noon, "__dict__"))    # False
# noon.place = "roof"
# AttributeError: 'Reading' object has no attribute 'place' and no __dict__ for setting new attributes
