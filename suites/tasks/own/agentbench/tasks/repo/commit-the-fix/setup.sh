#!/usr/bin/env bash
# Makes the repository that the task is about. $1: the workspace.
set -euo pipefail
cd "$1"

cat > greet.sh << 'EOF'
# Greets whoever is named.
echo "Helo, $1!"
EOF

cat > check.sh << 'EOF'
test "$(sh greet.sh Ada)" = "Hello, Ada!" && echo "all is well"
EOF

git init -q
git config user.name "Task"
git config user.email "task@example.invalid"
git add .
git commit -q -m "Greet people"
