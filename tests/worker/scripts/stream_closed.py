import sys
print("seen")
sys.stdout.close()
try:
    print("unseen")
except ValueError as error:
    print(error, file=sys.stderr)
sys.stdout = None
print("nothing")
