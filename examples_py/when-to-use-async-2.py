import asyncio
import sys


async def square(n):
    await asyncio.sleep(0)
    return n * n


async def squares(numbers):
    if sys.version_info < (3, 11):
        return await asyncio.gather(*map(square, numbers))
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(square(n)) for n in numbers]
    return [task.result() for task in tasks]


print(asyncio.run(squares([2, 3, 4])))    # [4, 9, 16]
