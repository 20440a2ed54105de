import os
print("one")
os.write(1, b"two\n")
print("three")
os.write(2, b"four\n")
