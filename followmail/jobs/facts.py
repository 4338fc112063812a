"""The facts of the store that one part writes and another reads, by name."""

PUT_AWAY = "put_away"  # the folders in which mail lies that needs nothing
DIGEST_FAULT = "digest_fault"  # why a digest could not be put into INBOX
TOLD = "told_through"  # which line of the history was the last to be told in a digest
OBEYED = "obeyed_lines"  # which lines of the history replies to digests brought about: [first, last] of each
WANTED = "digest_wanted"  # that the consultant asked for a digest
OLDER = "older_enrollments"  # of whom nobody has asked yet whether a draft lies there that a lost database laid
