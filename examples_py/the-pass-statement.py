class Listener:
    def on_message(self, text):
        pass


listener = Listener()
listener.on_message("hello")           # No output
print(listener.on_message("hello"))    # None
