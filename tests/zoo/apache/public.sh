#!/bin/sh
printf 'Content-Type: text/plain\n\npublic %s %s\n' "$REQUEST_METHOD" "$REQUEST_URI"
