import sys
class Room:
    def __enter__(self):
        print("in")
    def __exit__(self, *details):
        print("out", details[0].__name__)
with Room():
    sys.exit(4)
