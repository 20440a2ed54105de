import multiprocessing
def work(name):
    print("hello", name)
if __name__ == "__main__":
    process = multiprocessing.get_context("fork").Process(target=work, args=("fork",))
    process.start()
    process.join()
    print(process.exitcode)
