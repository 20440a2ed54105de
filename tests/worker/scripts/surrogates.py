print("caf\u00e9 \U0001f600")
try:
    print("\ud800")
except UnicodeEncodeError as error:
    print(error.reason)
