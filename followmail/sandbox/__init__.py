"""A mailbox to play with: own mail servers, sample prospects who answer in every way, and days that pass in seconds.

    cast       the table: who is written to, what they do about it, and what they must and must not get
    letters    the bytes of what Alex and the prospects write
    servers    IMAP and SMTP on this machine
    play       lets the days pass: the real product on real sockets, at the cast's pace
    story      what happened, a line each
    promises   whether every promise was kept, judged from the mails alone

To see another story, change the table in `cast` and play it again.
"""
