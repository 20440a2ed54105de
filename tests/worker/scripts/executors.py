from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
import multiprocessing
if __name__ == "__main__":
    with ThreadPoolExecutor(2) as executor:
        print(list(executor.map(str, range(3))))
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("fork")) as executor:
        print(list(executor.map(abs, range(-3, 0))))
