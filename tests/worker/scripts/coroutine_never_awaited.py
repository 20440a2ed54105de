async def work():
    pass
work()
print("on")
