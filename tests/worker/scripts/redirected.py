import contextlib, io, sys
kept = io.StringIO()
with contextlib.redirect_stdout(kept):
    print("hidden")
print(repr(kept.getvalue()))
sys.stdout = sys.stderr
print("to the other")
sys.stdout = sys.__stdout__
print("and back")
