#!/bin/sh
printf '%s %s\n' "$REQUEST_METHOD" "$SCRIPT_NAME$PATH_INFO" >> "$ZOO_JOURNAL"
printf 'Content-Type: text/plain\n\nzoo-guarded\n'
