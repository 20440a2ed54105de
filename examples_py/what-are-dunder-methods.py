import functools


@functools.total_ordering
class Span:
    """The whole numbers from start up to, but not including, stop."""

    def __init__(self, start, stop):
        self.start, self.stop = start, stop

    def __repr__(self):
        return f"Span({self.start}, {self.stop})"

    def __len__(self):
        return max(0, self.stop - self.start)

    def __contains__(self, number):
        return self.start <= number < self.stop

    def __and__(self, other):
        if not isinstance(other, Span):
            return NotImplemented
        return Span(max(self.start, other.start), min(self.stop, other.stop))

    def __getitem__(self, index):
        if not 0 <= index < len(self):
            raise IndexError(index)
        return self.start + index

    def __eq__(self, other):
        return (self.start, self.stop) == (other.start, other.stop)

    def __lt__(self, other):
        return (self.start, self.stop) < (other.start, other.stop)


morning, lunch = Span(8, 13), Span(12, 14)
print(len(morning))           # 5
print(12 in lunch)            # True
print(morning & lunch)        # Span(12, 13)
print(morning < lunch)        # True              (from __lt__)
print(morning >= lunch)       # False             (total_ordering derived it)
print(bool(Span(3, 3)))       # False             (no __bool__, so __len__ decides)
print(list(lunch))            # [12, 13]          (no __iter__, so __getitem__ is tried)
# hash(morning)               # TypeError: unhashable type: 'Span'
# morning & 12                # error
