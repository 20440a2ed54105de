import asyncio
async def work(name):
    await asyncio.sleep(0)
    print(name)
    return name
async def main():
    print(await asyncio.gather(work("a"), work("b")))
asyncio.run(main())
