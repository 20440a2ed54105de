from collections import defaultdict

releases = ["3.9", "3.15", "3.10"]
print(sorted(releases))
# ['3.10', '3.15', '3.9']
print(sorted(releases, key=lambda text: [int(part) for part in text.split(".")]))
# ['3.9', '3.10', '3.15']

stock = defaultdict(lambda: 10)
stock["bolts"] -= 3
print(stock)    # defaultdict(<function <lambda> at 0x7f2b8c1d5e40>, {'bolts': 7})

# compile("lambda n: return n", "<example>", "eval")    # SyntaxError
