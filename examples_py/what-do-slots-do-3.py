class Spot:
    __slots__ = ("x",)


class Label(Spot):
    pass


label = Label()
label.text = "peak"
print(vars(label))    # {'text': 'peak'}
