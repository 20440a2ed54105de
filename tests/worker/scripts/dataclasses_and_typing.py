import typing
from dataclasses import dataclass, field
@dataclass
class Point:
    x: int
    y: "list[int]" = field(default_factory=list)
print(Point(1), typing.get_type_hints(Point))
