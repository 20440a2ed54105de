def annotations_are():
    try:
        exec("class Tree:\n    left: Tree\n", {})
    except NameError:
        return "evaluated at once"
    return "deferred"


print(annotations_are())    # => deferred
