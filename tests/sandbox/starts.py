# prints: fine
print("fine")
