#!/bin/sh
# sh install.sh [FOLDER]: unpacks r4ec itself, and Node where the pack has it, out of the parts that lie
# beside this file or below its folder. FOLDER is ~/r4ec where none is named. Needs sh, tar, gzip, find
# and sha256sum (or shasum). Exit status: 2 where a part is damaged, 3 where one is missing.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
into=${1:-$HOME/r4ec}

if command -v sha256sum >/dev/null 2>&1; then sum="sha256sum"; else sum="shasum -a 256"; fi
[ -e "$here/SHA256SUMS" ] || { echo "install.sh: SHA256SUMS is not beside it" >&2; exit 3; }
mkdir -p "$into"
into=$(cd "$into" && pwd)
draft=$into/.unpacked
trap 'rm -rf "$draft"' EXIT
rm -rf "$draft"
mkdir "$draft"

# unpack ITEM: checks the parts of ITEM and unpacks them; false where the pack has no such item
unpack() {
  grep "  $1\.tar\.gz\.[0-9]*\$" "$here/SHA256SUMS" >"$draft/wanted" || return 1
  : >"$draft/files"
  status=0
  while read -r wanted name; do
    file=$(find -L "$here" -type f -name "$name" | head -n 1)
    if [ -z "$file" ]; then
      echo "install.sh: $name is missing" >&2
      [ "$status" = 2 ] || status=3
    elif [ "$($sum <"$file" | cut -d ' ' -f 1)" != "$wanted" ]; then
      echo "install.sh: $file is cut or damaged: copy it again" >&2
      status=2
    fi
    printf '%s\n' "$file" >>"$draft/files"
  done <"$draft/wanted"
  [ "$status" = 0 ] || exit "$status"
  while IFS= read -r file; do cat "$file"; done <"$draft/files" | tar -xzf - -C "$draft"
}

unpack r4ec || { echo "install.sh: SHA256SUMS names no part of r4ec" >&2; exit 2; }
if unpack node; then
  rm -rf "$into/node"
  mv "$draft/node" "$into/node"
fi
# The r4ec before this one stays, with what you changed in its folder.
if [ -e "$into/r4ec" ]; then
  rm -rf "$into/r4ec.before"
  mv "$into/r4ec" "$into/r4ec.before"
fi
mv "$draft/r4ec" "$into/r4ec"

mkdir -p "$into/bin"
cat >"$into/bin/r4ec" <<'WRAPPER'
#!/bin/sh
at=$(dirname "$(dirname "$(readlink -f "$0")")")
if [ -x "$at/node/bin/node" ]; then
  PATH=$at/node/bin:$PATH
  export PATH
fi
exec node "$at/r4ec/bin/r4ec.js" "$@"
WRAPPER
chmod +x "$into/bin/r4ec"
echo "r4ec is in $into. Now install the other parts:"
echo "  $into/bin/r4ec setup --from $here"
