class Agreeable:
    """Says yes to every comparison."""

    def __eq__(self, other):
        return True


answer = Agreeable()
answer == None    # True, although it is nothing of the kind
answer is None    # False
