from concurrent.futures import ThreadPoolExecutor

import requests


def prepare(page):
    query = {"q": "global interpreter lock", "page": page}
    return requests.Request("GET", "https://example.org/search", params=query).prepare()


with ThreadPoolExecutor(max_workers=2) as pool:
    for request in pool.map(prepare, [1, 2]):
        print(request.method, request.url)
