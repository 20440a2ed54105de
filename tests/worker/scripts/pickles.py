import pickle
class Thing:
    pass
print(type(pickle.loads(pickle.dumps(Thing()))) is Thing)
