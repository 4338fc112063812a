"""What a mail that a person wrote needs of its reader: an answer to a question, any answer, or none at all."""

from enum import StrEnum


class Need(StrEnum):
    """What a received mail needs of the consultant."""

    NOTHING = ""
    INTRODUCTION = "introduction"  # somebody was introduced: a first mail to them
    QUESTION = "question"  # it asks something, or asks for something
    REFERRAL = "referral"  # its author was sent by somebody
    ANSWER = "answer"
    COURTESY = "courtesy"  # a no, which a thank-you would close
