"""One pass each, safe to repeat: watch · judge · plan · draft · deliver · file. Jobs do not know each other."""
