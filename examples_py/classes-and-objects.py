class Lamp:
    watts = 9
    places = []

    def __init__(self, place):
        self.place = place
        self.places.append(place)


desk, hall = Lamp("desk"), Lamp("hall")
desk.watts = 4
print(desk.watts, hall.watts, Lamp.watts)    # 4 9 9
print(vars(desk))                            # {'place': 'desk', 'watts': 4}
print(vars(hall))                            # {'place': 'hall'}
print(Lamp.places)                           # ['desk', 'hall'] - one list for all of them

type(desk)                                   # => Lamp
isinstance(Lamp, type)                       # True
Lamp.__init__ is desk.__init__               # False, the latter is bound to the desk lamp
make = Lamp                                  # classes can be passed about like anything else
make("attic").place                          # 'attic'
