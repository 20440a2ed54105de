from datetime import date, timedelta

deadline = date(2026, 11, 25) + timedelta(days=30)
deadline            # date(2026, 12, 25)
str(deadline)       # '2026-12-25'
