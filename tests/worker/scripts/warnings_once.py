import warnings
for number in range(3):
    warnings.warn("careful")
print("on")
