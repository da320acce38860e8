#!/bin/sh
# Reads a text from stdin and prints its most frequent words, with how often each comes.
tr -cs '[:alpha:]' '\n' | tr '[:upper:]' '[:lower:]' | grep -v '^$' | sort | uniq -c | sort -k1,1nr -k2 | head -n "${1:-5}"
