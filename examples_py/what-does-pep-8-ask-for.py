import ast

cramped = "speed=distance/(time*3.6)"
airy = "speed = distance / (time * 3.6)"
print(ast.dump(ast.parse(cramped)) == ast.dump(ast.parse(airy)))   # True
