"""How fast it is, measured against what is possible, and against what one would write first: `make bench`.

    mailbox        a mailbox of N messages, always the same for one seed
    bed            a Dovecot that serves it, and what every measurement needs: turns, medians, child processes
    limit          the physical limit: the wanted bytes, read and thrown away, in Python and in C (drain.c)
    obvious        the obvious design: IMAPClient.fetch, the email package, insert_many
    one_look       one look of the program, alone in a process
    delay          a relay that puts the server far away
    page           figures.json, and docs/performance.md made from it
    picture        docs/performance.svg, likewise

Every other module is a measurement: `measure(bed)` gives the rows of the table. Its name stands in `__main__`.
"""
