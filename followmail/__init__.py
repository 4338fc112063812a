"""followmail: follows up, in the consultant's own voice, with prospects who have not answered.

The map. Each part knows those above it, and none below (tests/test_repository.py holds it to that).

    errors         what can go wrong, and what the caller may do about it: the tree
    waiting        until something can be read, or time is up, which also passes in sleep
    mail/          what the RFCs say about one message: its headers, its text, who is who, what kind of answer it is
    sequence/      who is followed up, when, and what comes next: every rule, and nothing but rules
    auth           passwords and tokens: the type that hides them, and how a token is said
    options        every setting: name, default, what is allowed; config.example.env is made from it
    credentials    where each secret comes from, and who else could reach it
    oauth/         login by OAuth2: asking for tokens, keeping them, renewing them
    settings       config.env and the environment → one frozen value, or all faults at once
    store/         what is remembered: conversations, enrollments, the outbox, the history, suppressed.txt
    imap/          speaks IMAP: login, folders, reading, drafts, IDLE
    smtp           speaks SMTP: sent, surely not sent, or nobody can know
    rendering/     templates/ → texts, and the digest
    discovery/     from an address to its servers, and what is known of providers
    contacts       a file of people, CSV or vCard
    writing        a due step → the finished mail
    desk           the consultant's word, one function an action
    survey         what a mailbox tells of its owner
    enrolling      who can be enrolled by hand, and doing it
    importing      who of a file goes on which day
    jobs/          one pass each: watch · judge · plan · draft · deliver · file · digest
    agenda/        what there is to say to the consultant: what stands, what came to pass, who waits for them
    books          what is set, remembered and written in templates/, opened together
    telling        what is told of the whole: plan, prospects, explain, status
    rounds         one round through all jobs
    checking/      `check`
    previewing     `preview`
    keeping        `forget`, `export`, `backup`, `restore`
    notify         what systemd hears of the daemon
    journal        how its log lines look
    unit           the systemd unit: its text, putting it in place
    resting        what the daemon gives back before it waits
    service        the daemon: goes round and round
    setup/         the questions of `init`
    sandbox/       a mailbox to play with
    cli/           the commands

How one mail goes through it: docs/pipeline.md. Which rule is which function: docs/decisions.md.
"""

__version__ = "0.1.0"
