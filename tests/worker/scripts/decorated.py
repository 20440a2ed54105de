import functools
def twice(function):
    @functools.wraps(function)
    def inner():
        function()
        function()
    return inner
@twice
def hello():
    print("hello")
hello()
print(hello.__module__, hello.__qualname__)
