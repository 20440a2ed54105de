# prints: done b'out\n'
import asyncio
async def main():
    process = await asyncio.create_subprocess_exec("echo", "out", stdout=asyncio.subprocess.PIPE)
    out, _ = await process.communicate()
    await asyncio.sleep(0)
    print("done", out)
asyncio.run(main())
