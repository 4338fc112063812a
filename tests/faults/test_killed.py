"""probe"""
import time
from tests.servers.smtp import Smtpd
from tests.faults.mortal import Mortals
from tests.jobs.test_sending import due

def test_probe(sending, smtpd):
    world = due(sending)
    world.close()
    db = world.home / "followmail.db"
    before = db.read_bytes()
    with Mortals(world) as mortals:
        t=time.time(); calls = mortals.watched(); print("watched", len(calls), time.time()-t)
        from collections import Counter
        print(Counter(c.name for c in calls).most_common())
        for i, c in enumerate(calls):
            if c.name in ("sendto","pwrite64","fdatasync"): print(i, c.name, c.number, c.text[:90])
        print(len(smtpd.delivered))
        db.write_bytes(before)
        t=time.time(); print(mortals.dies(calls[300]), time.time()-t)
