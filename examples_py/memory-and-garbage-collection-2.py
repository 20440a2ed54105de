import gc
import weakref


class Person:
    friend = None


gc.disable()
ada, bob = Person(), Person()
ada.friend, bob.friend = bob, ada
weakref.finalize(ada, print, "Ada is gone")

del ada, bob            # nothing is printed
found = gc.collect()    # Ada is gone
print(found > 0)        # True
