stops = ["Oslo", "Hamar"]
stops.append("Otta")                # stops is now ['Oslo', 'Hamar', 'Otta']
count = len(stops)                  # count = 3

station = ("Otta", 61.77, 9.54)
name = station[0]                   # => 'Otta'
first, *others = stops
print(first, others)                # ('Oslo', ['Hamar', 'Otta'])

# station[1] = 61.8
# TypeError: 'tuple' object does not support item assignment

platforms = {("Otta", 1): "north", ("Otta", 2): "south"}
print(platforms["Otta", 2])         # 'south'
# hash(("Otta", ["north"]))         # TypeError: unhashable type: 'list'
