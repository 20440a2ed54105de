import sys
sys.unraisablehook = lambda args: print("hook", args.exc_type.__name__)
class Thing:
    def __del__(self):
        raise ValueError("in a destructor")
Thing()
print("end")
