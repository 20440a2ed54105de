class Thing:
    def __del__(self):
        print("gone", type(self).__name__)
thing = Thing()
thing.me = thing
def function():
    return thing
print("end")
