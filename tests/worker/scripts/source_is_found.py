import inspect, sys
def function():
    return 1
print(inspect.getsource(function))
print(inspect.getsourcefile(function) == __file__, sys.modules["__main__"].function is function)
