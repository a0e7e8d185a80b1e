#!/bin/sh
# Finds a Python that this kit has packages for, and starts the course with it. Needs no network.
#     sh start.sh [FOLDER] [--no-lab]
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd) || exit 1
for version in @PYTHONS@; do
  for python in "python$version" "/Library/Frameworks/Python.framework/Versions/$version/bin/python3" \
    "/opt/homebrew/bin/python$version" python3 python; do
    if "$python" -c "import sys; sys.exit('%d.%d' % sys.version_info[:2] != '$version')" >/dev/null 2>&1; then
      exec "$python" -B "$here/start.py" "$@"
    fi
  done
done
echo "This kit needs Python @ANY_OF@, which is not on this machine: install it from https://www.python.org/downloads/ and start again." >&2
exit 1
