import copy

row = [0, 0]
grid = [row, row]
clone = copy.deepcopy(grid)
clone[0] is clone[1]      # True
clone[0] is row           # False

loop = []
loop.append(loop)         # => [[...]]
copied = copy.deepcopy(loop)
print(copied[0] is copied)    # True
