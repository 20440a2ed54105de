import os, sys
print("seen")
os._exit(5)
