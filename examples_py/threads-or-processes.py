import random
import time
from concurrent.futures import ThreadPoolExecutor, as_completed


def fetch(page):
    time.sleep(random.uniform(0.001, 0.03))
    return page


with ThreadPoolExecutor(max_workers=8) as pool:
    print(list(pool.map(fetch, range(8))))            # [0, 1, 2, 3, 4, 5, 6, 7]

    jobs = [pool.submit(fetch, page) for page in range(8)]
    print([job.result() for job in as_completed(jobs)])
    # [6, 1, 4, 7, 0, 3, 5, 2]
