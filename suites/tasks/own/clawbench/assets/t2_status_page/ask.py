"""Prints what the status page answers: python3 ask.py /status"""

import sys
import urllib.request

with open("service.url") as file:
    url = file.read()
with urllib.request.urlopen(url + sys.argv[1], timeout=10) as answer:
    print(answer.read().decode())
