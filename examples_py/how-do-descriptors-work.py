class Bell:
    def ring(self):
        return "ding"


bell = Bell()
ring = Bell.__dict__["ring"].__get__(bell, Bell)
ring()                                           # 'ding'
ring == bell.ring                                # True
