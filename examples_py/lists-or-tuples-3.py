import sys

print(sys.getsizeof(()))                                      # 40
print(sys.getsizeof((1, 2, 3)) < sys.getsizeof([1, 2, 3]))    # True
