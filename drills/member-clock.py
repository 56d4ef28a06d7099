"""Gives this Python, and every program that it starts, a time of day of its own: the machine's and the seconds in `offset`.

What counts from the start of the machine, and with it every wait, stays as it is, as when somebody sets a machine's clock.
"""

import os
import sys

LIBRARIES = '/usr/lib/x86_64-linux-gnu/faketime'
CLOCK = {
    'FAKETIME_TIMESTAMP_FILE': os.path.join(os.path.dirname(os.path.abspath(__file__)), 'offset'),
    # Read at every call: all processes jump in the same moment.
    'FAKETIME_NO_CACHE': '1',
    'FAKETIME_DONT_FAKE_MONOTONIC': '1',
    'FAKETIME_DONT_RESET': '1',
    'FAKETIME_DISABLE_SHM': '1',
    'NO_FAKE_STAT': '1',
}

if 'FAKETIME_TIMESTAMP_FILE' not in os.environ:
    # A library is loaded before a program only: this Python begins once more. It has threads.
    os.environ.update(CLOCK, LD_PRELOAD=f'{LIBRARIES}/libfaketimeMT.so.1')
    os.execv(sys.executable, sys.orig_argv)

# What it starts has signals instead, in whose handlers nothing may wait for a lock.
os.environ['LD_PRELOAD'] = f'{LIBRARIES}/libfaketime.so.1'
