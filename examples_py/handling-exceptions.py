def blocks_entered(action):
    entered = []
    try:
        entered.append("try")
        action()
    except LookupError as error:
        entered.append(f"except {type(error).__name__}")
    else:
        entered.append("else")
    finally:
        entered.append("finally")
    return entered


blocks_entered(lambda: "fine")       # ['try', 'else', 'finally']
blocks_entered(lambda: {}["key"])    # ['try', 'except KeyError', 'finally']
# blocks_entered(lambda: 1 / 0)      # ZeroDivisionError: division by zero
