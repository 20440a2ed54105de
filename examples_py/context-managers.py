class Element:
    def __init__(self, name):
        self.name = name

    def __enter__(self):
        print(f"<{self.name}>")
        return self

    def __exit__(self, kind, error, traceback):
        print(f"</{self.name}>")
        return kind is ZeroDivisionError


with Element("table"), Element("row"):
    print("  cell")

with Element("note"):
    print(1 / 0)
print("still here")
