#!/usr/bin/env bash
# Fails on purpose, with something to say.
echo "the archive cannot be unpacked: it is not there" >&2
exit 3
