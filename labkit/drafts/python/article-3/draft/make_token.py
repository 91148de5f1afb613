import sys

from tokens import issue

if len(sys.argv) != 2 or not sys.argv[1].strip():
    sys.exit("usage: python make_token.py NAME")
print(issue(sys.argv[1].strip()))
