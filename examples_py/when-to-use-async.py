import asyncio
import time


async def brew(drink, seconds):
    print("start", drink)
    await asyncio.sleep(seconds)
    print("serve", drink)
    return drink.upper()


async def main():
    return await asyncio.gather(brew("tea", 0.2), brew("juice", 0.05), brew("cocoa", 0.12))


start = time.perf_counter()
drinks = asyncio.run(main())
# start tea
# start juice
# start cocoa
# serve juice
# serve cocoa
# serve tea
print(drinks)    # ['TEA', 'JUICE', 'COCOA']
elapsed = time.perf_counter() - start
print(f"ready after {elapsed * 1000:.3f} ms")    # ready after 203.817 ms
