class OneOf:
    def __init__(self, *options):
        self.options = options

    def __set_name__(self, owner, name):
        self.name = name

    def __get__(self, instance, owner=None):
        return self if instance is None else vars(instance)[self.name]

    def __set__(self, instance, value):
        if value not in self.options:
            raise ValueError(f"{self.name} cannot be {value!r}")
        vars(instance)[self.name] = value


class Lazy:
    def __init__(self, compute):
        self.compute = compute
        self.name = compute.__name__

    def __get__(self, instance, owner=None):
        print("computing")
        vars(instance)[self.name] = self.compute(instance)
        return vars(instance)[self.name]


class Letter:
    state = OneOf("draft", "sent")

    @Lazy
    def words(self):
        return 120


letter = Letter()
letter.state = "draft"
print(letter.state)         # draft
# letter.state = "lost"     # ValueError: state cannot be 'lost'

print(letter.words)
# computing
# 120
print(letter.words)         # 120
