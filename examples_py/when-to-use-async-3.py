import asyncio
import random
import time


def slow_driver():
    time.sleep(0.02)
    return random.random()


async def main():
    ticks = []

    async def clock():
        while True:
            ticks.append("tick")
            await asyncio.sleep(0.002)

    ticking = asyncio.create_task(clock())
    reading = await asyncio.to_thread(slow_driver)
    ticking.cancel()
    print("the clock kept ticking:", len(ticks) > 1)    # True
    return reading


forgotten = main()
type(forgotten).__name__     # 'coroutine'
forgotten.close()

reading = asyncio.run(main())
print(reading)               # 0.6394267984578837
