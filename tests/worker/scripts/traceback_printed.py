import traceback
def divide(a):
    return a / 0
try:
    divide(1)
except ZeroDivisionError:
    traceback.print_exc()
