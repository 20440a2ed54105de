class Thing:
    def __secret(self):
        return 1
    def call(self):
        return self.__secret()
print(Thing().call(), [name for name in dir(Thing) if "secret" in name])
