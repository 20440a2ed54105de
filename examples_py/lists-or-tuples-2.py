parcel = ("A-17", ["scanned"])
try:
    parcel[1] += ["loaded"]
except TypeError as error:
    print(error)     # 'tuple' object does not support item assignment
print(parcel)        # ('A-17', ['scanned', 'loaded'])
