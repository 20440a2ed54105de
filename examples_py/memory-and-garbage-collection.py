import sys
import weakref


class Parcel:
    pass


parcel = Parcel()
print(sys.getrefcount(parcel))            # 2 (the name, and the argument of this very call)
label = parcel
print(sys.getrefcount(parcel))            # 3

weakref.finalize(parcel, print, "freed")
del label                                 # No output
del parcel                                # freed
