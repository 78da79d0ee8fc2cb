#!/usr/bin/env bash
# Prints the difference between the templates of two checkouts as Markdown: template-diff.sh BASE HEAD
# Exit code 1: a resource would be deleted or replaced, or a stack is gone. Other failures: 2.
set -uo pipefail

if [ $# -ne 2 ]; then echo "usage: template-diff.sh BASE HEAD" >&2; exit 2; fi
base=$(cd "$1" && pwd) || exit 2
head=$(cd "$2" && pwd) || exit 2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# GitHub refuses longer comments (65,536 characters).
limit=60000
# Until an environment has a digest in lib/environments.ts, each command chooses the image, so any digest will do here.
digest="sha256:$(printf '0%.0s' {1..64})"
worst=0
RELEASED='AWS::(Lambda::(Layer)?Version|ApiGateway::Deployment|ECS::TaskDefinition) '

synth() { # checkout environment folder
  local app
  app=$(cd "$1" && node -p "require('./cdk.json').app")
  if synth_with "$@" "$app" >"$work/log" 2>&1; then return; fi
  # The error of an environment without a digest names the option. With a digest in the file, another one would be refused.
  if grep -q -e '-c imageDigest=' "$work/log"; then
    if synth_with "$@" "$app" -c "imageDigest=$digest" >"$work/log" 2>&1; then return; fi
  fi
  echo "The synthesis of $2 failed in $1:"; echo '```'; tail -n 20 "$work/log"; echo '```'
  return 2
}

synth_with() { # checkout environment folder app [options]
  (cd "$1" && node_modules/.bin/cdk synth -q -a "$4" -o "$work/$3" -c environment="$2" "${@:5}")
}

stacks() { # folder: prints the template and the name of each stack
  node -e '
    const { artifacts } = JSON.parse(require("node:fs").readFileSync(process.argv[1] + "/manifest.json", "utf8"));
    for (const { type, properties, displayName } of Object.values(artifacts))
      if (type === "aws:cloudformation:stack") console.log(properties.templateFile, properties.stackName, displayName);
  ' "$work/$1"
}

compare() {
  echo '## Difference of the templates'
  for environment in sandbox production; do
    synth "$base" "$environment" "base-$environment" || return 2
    synth "$head" "$environment" "head-$environment" || return 2
    while read -r file name id; do
      old="$work/base-$environment/$file"
      if [ ! -f "$old" ]; then echo "- $name is new"; continue; fi
      cmp -s "$old" "$work/head-$environment/$file" && continue
      (cd "$head" && node_modules/.bin/cdk diff -a "$work/head-$environment" "$id" --template "$old" --exclusively \
        --fail-on destructive --no-color) >"$work/diff" 2>&1 </dev/null
      differs=$?
      note=
      # A new version of a function, deployment of a REST API or task definition takes the place of the old one in every release.
      lost=$(grep -E 'will be (destroyed|replaced|orphaned)|may be replaced' "$work/diff" | grep -Ev "$RELEASED")
      if [ -n "$lost" ]; then note=' **deletes or replaces**'; worst=1
      elif [ $differs -ne 0 ] && ! grep -q 'destructive change' "$work/diff"; then
        echo "The comparison of $name failed:"; echo '```'; tail -n 20 "$work/diff"; echo '```'
        return 2
      fi
      echo "<details><summary>$name$note</summary>"; echo
      echo '```'; grep -v '^$' "$work/diff"; echo '```'; echo '</details>'
    done < <(stacks "head-$environment")
    while read -r file name id; do
      if [ ! -f "$work/head-$environment/$file" ]; then echo "- **$name is deleted**"; worst=1; fi
    done < <(stacks "base-$environment")
  done
  return $worst
}

compare >"$work/all.md"
code=$?
if [ "$(wc -l <"$work/all.md")" -eq 1 ]; then echo 'No template changes.' >>"$work/all.md"; fi
head -c "$limit" "$work/all.md"
if [ "$(wc -c <"$work/all.md")" -gt "$limit" ]; then echo; echo '(cut; run `.github/template-diff.sh` for the rest)'; fi
exit $code
