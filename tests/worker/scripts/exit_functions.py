import atexit
atexit.register(print, "first registered")
atexit.register(print, "last registered")
@atexit.register
def bye():
    print("bye")
print("end of script")
