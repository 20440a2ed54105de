from datetime import date

date(2026, 11, 25)
# Out[2]: datetime.date(2026, 11, 25)

print(date(2026, 11, 25))
# 2026-11-25
