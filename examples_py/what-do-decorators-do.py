COMMANDS = {}


def command(word):
    def register(function):
        COMMANDS[word] = function
        return function
    return register


@command("hi")
def welcome(who):
    return f"Welcome, {who}."


print(COMMANDS["hi"]("Ada"))       # Welcome, Ada.
print(COMMANDS["hi"] is welcome)   # True
