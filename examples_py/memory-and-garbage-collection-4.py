import gc

print(gc.get_threshold())    # (2000, 10, 10)
