from contextlib import ExitStack, contextmanager, suppress


@contextmanager
def changed(settings, **values):
    before = dict(settings)
    settings.update(values)
    try:
        yield settings
    finally:
        settings.clear()
        settings.update(before)


settings = {"debug": False}
with changed(settings, debug=True):
    print(settings)           # {'debug': True}
print(settings)               # {'debug': False}

with suppress(KeyError):
    settings["colour"]

with ExitStack() as stack:
    for name in "abc":
        stack.callback(print, "closing", name)
# closing c
# closing b
# closing a
