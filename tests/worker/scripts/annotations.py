x: int = 1
y: "str"
import sys
print(sys.modules[__name__].__annotations__)
